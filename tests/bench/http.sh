#!/usr/bin/env bash
# Measures the HTTP path of one node with one event-loop thread, beside a bare Beast server and beside the storage engine
# alone, in the same run, and reports ratios:
#   GET  (keep-alive, 100-byte values in memory)   against the bare server's requests per second;
#   PUT  (durable, 100-byte values)                against the engine's own commits per second at the batch size that
#                                                  the node reached.
# Usage: tests/bench/http.sh [connections (64)] [seconds per run (5)] [rounds (5)]
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
connections=${1:-64} seconds=${2:-5} rounds=${3:-5}

need wrk curl
build //tools:node //tests/bench:hello_server //kv:storage_bench
serve hello "$bin/hello_server"
hello=http://127.0.0.1:$port
serve node "$bin/node" --shards=1 --listen=127.0.0.1:0 --peer_listen=127.0.0.1:0 --data_dir="$work/data"
node=http://127.0.0.1:$port

# Stores the keys that will be read, a batch of 1000 at a time.
for batch in 0 1 2 3 4 5 6 7 8 9; do
  value=$(printf 'v%.0s' {1..100})
  for i in $(seq $((batch * 1000)) $((batch * 1000 + 999))); do
    printf '%s{"op":"put","key":"key%d","value":"%s"}' "$([ $((i % 1000)) -eq 0 ] || echo ,)" "$i" "$value"
  done | sed '1s/^/{"operations":[/; $s/$/]}/' |
    curl -sSf -o /dev/null -H 'Content-Type: application/json' --data-binary @- "$node/v1/batch"
done

# Requests per second of one wrk run; any error or status that is no success ends the measurement.
run() {
  local out
  out=$(wrk -t1 -c"$connections" -d"${seconds}s" "$@")
  if grep -Eq 'Socket errors|Non-2xx' <<<"$out"; then echo "$out" >&2; return 1; fi
  awk '/Requests\/sec/ {print $2}' <<<"$out"
}
metric() { curl -sS "$node/metrics" | awk -v name="$1" '$1 == name {print $2}'; }

run -s tests/bench/get.lua "$hello/" >/dev/null
run -s tests/bench/get.lua "$node" >/dev/null
for ((i = 0; i < rounds; i++)); do
  # One to a line: the status of an assignment is that of its last command, and each of them may fail.
  h=$(run -s tests/bench/get.lua "$hello/")
  g=$(run -s tests/bench/get.lua "$node")
  echo "$h" >>"$work/hello.rates"
  echo "$g" >>"$work/get.rates"
  ratio "$g" "$h" >>"$work/get.ratios"
done
echo "GET, $connections connections, $rounds rounds of ${seconds}s: bare Beast $(median <"$work/hello.rates")/s," \
  "node $(median <"$work/get.rates")/s, ratio $(median <"$work/get.ratios")"

# What the engine alone commits, 64 records of the same size to a sync, on the same disk and in turn with the node.
run -s tests/bench/put.lua "$node" >/dev/null
syncs_before=$(metric quoin_commit_rounds_total) changes_before=$(metric quoin_commit_changes_total)
for ((i = 0; i < rounds; i++)); do
  p=$(run -s tests/bench/put.lua "$node")
  e=$(engine 64 "$seconds")
  echo "$p" >>"$work/put.rates"
  echo "$e" >>"$work/engine.rates"
  ratio "$p" "$e" >>"$work/put.ratios"
done
syncs_after=$(metric quoin_commit_rounds_total) changes_after=$(metric quoin_commit_changes_total)
shared=$(awk -v a="$syncs_before" -v b="$syncs_after" -v c="$changes_before" -v d="$changes_after" \
  'BEGIN {printf "%.1f", (d - c) / (b - a)}')
echo "PUT, $connections connections, $rounds rounds of ${seconds}s: engine alone at 64 to a sync" \
  "$(median <"$work/engine.rates")/s, node $(median <"$work/put.rates")/s with $shared writes to a sync," \
  "ratio $(median <"$work/put.ratios")"
