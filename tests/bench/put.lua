-- wrk: each request stores 100 bytes under one of 100,000 keys.
local value = string.rep("v", 100)
local number = math.random(100000)
request = function()
  number = (number * 7919 + 1) % 100000
  return wrk.format("PUT", "/v1/kv/key" .. number, nil, value)
end
