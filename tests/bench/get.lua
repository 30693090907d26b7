-- wrk: each request reads one of the 10,000 keys that http.sh has stored.
local number = math.random(10000)
request = function()
  number = (number * 7919 + 1) % 10000
  return wrk.format("GET", "/v1/kv/key" .. number)
end
