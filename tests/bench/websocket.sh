#!/usr/bin/env bash
# Measures the WebSocket path (quoin.v1.protobuf) of one node with one event-loop thread, beside a bare Asio echo server
# with the same framing and beside the storage engine alone, in the same run and in turn, and reports ratios:
#   get  of 100-byte values, at depth 1 and 32     against the echo's answers per second, messages of 100 bytes;
#   put  of 100-byte values, durable, both depths  against what the engine alone commits, 256 records to a sync.
# Usage: tests/bench/websocket.sh [connections (64)] [seconds per run (5)] [rounds (5)]
# QUOIN_PROFILE=FOLDER also records, with perf, where the node's time goes at depth 32: FOLDER/get.txt and put.txt, and the
# recordings themselves.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
connections=${1:-64} seconds=${2:-5} rounds=${3:-5}
profile=${QUOIN_PROFILE:-}
[ -z "$profile" ] || command -v perf >/dev/null || { echo "needs perf: apt-get install linux-perf" >&2; exit 1; }

build //tools:node //tests/bench:websocket_echo //tests/bench:websocket_load //kv:storage_bench
serve echo "$bin/websocket_echo"
echo_port=$port echo_pid=$server_pid
serve node "$bin/node" --shards=1 --listen=127.0.0.1:0 --peer_listen=127.0.0.1:0 --data_dir="$work/data"
node_port=$port node_pid=$server_pid

# ask KIND DEPTH [SECONDS]: "answers/s, this program's share of a core, the server's, microseconds of the server for each".
ask() {
  local to=$node_port pid=$node_pid
  [ "$1" != echo ] || to=$echo_port pid=$echo_pid
  "$bin/websocket_load" --port="$to" --server_pid="$pid" --kind="$1" --depth="$2" --connections="$connections" \
    --keys=10000 --seconds="${3:-$seconds}"
}

echo "$connections connections, $rounds rounds of ${seconds}s; medians, and the lowest and highest round"
"$bin/websocket_load" --port="$node_port" --kind=fill --depth=32 --connections=8 --keys=10000

# field N FILE: of each round's line the Nth number.
field() { awk -v n="$1" '{print $n}' "$2"; }
# tell NAME FILE
tell() {
  local rates
  rates=$(field 1 "$2")
  echo "  $1: $(median <<<"$rates")/s ($(spread <<<"$rates")), $(field 4 "$2" | median) us of processor each;" \
    "cores used: server $(field 3 "$2" | median), load $(field 2 "$2" | median)"
}

for depth in 1 32; do
  for ((i = 0; i < rounds; i++)); do
    # One to a line: the status of an assignment is that of its last command, and each of them may fail.
    e=$(ask echo $depth)
    g=$(ask get $depth)
    echo "$e" >>"$work/echo.$depth"
    echo "$g" >>"$work/get.$depth"
    ratio "${g%% *}" "${e%% *}" >>"$work/get.$depth.ratios"
  done
  echo "depth $depth: get is $(median <"$work/get.$depth.ratios") of the echo ($(spread <"$work/get.$depth.ratios"))"
  tell echo "$work/echo.$depth"
  tell "get " "$work/get.$depth"
done

for depth in 1 32; do
  for ((i = 0; i < rounds; i++)); do
    p=$(ask put $depth)
    s=$(engine 256 "$seconds")
    echo "$p" >>"$work/put.$depth"
    echo "$s" >>"$work/engine.$depth"
    ratio "${p%% *}" "$s" >>"$work/put.$depth.ratios"
  done
  echo "depth $depth: put is $(median <"$work/put.$depth.ratios") of the engine alone ($(spread <"$work/put.$depth.ratios"))"
  echo "  engine, 256 records to a sync: $(median <"$work/engine.$depth")/s ($(spread <"$work/engine.$depth"))"
  tell "put " "$work/put.$depth"
done

[ -n "$profile" ] || exit 0
mkdir -p "$profile"
# report KIND OPTION...: of what was recorded, without perf's comments, and with strings called so.
report() {
  local kind=$1
  shift
  perf report -i "$profile/$kind.perf" --stdio -g none "$@" 2>/dev/null | grep -v '^#' | grep . |
    sed 's/ *$//; s/std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> >/std::string/g' || true
}
for kind in get put; do
  ask $kind 32 $((seconds + 2)) >"$work/$kind.profiled" &
  load=$!
  sleep 2  # The load warms up for one.
  perf record -q -F 999 -g -p "$node_pid" -o "$profile/$kind.perf" -- sleep "$seconds" 2>/dev/null
  wait $load
  {
    echo "$kind at depth 32, $(cut -d' ' -f1 "$work/$kind.profiled")/s while recording. Shares of the node's processor time."
    echo "By thread:"
    report $kind --no-children --sort=comm
    echo "In the function itself:"
    report $kind --no-children --sort=symbol | head -40 || true
    echo "With all that the function calls:"
    report $kind --children --sort=symbol | head -80 || true
  } >"$profile/$kind.txt"
done
echo "profiles: $profile/get.txt, $profile/put.txt"
