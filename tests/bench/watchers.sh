#!/usr/bin/env bash
# Thousands of watchers on one node, some of which never read, at a fixed rate of writes: how long events take, and what
# the watchers cost in resident memory. See watchers.cc.
# Usage: tests/bench/watchers.sh [watchers (5000)] [writes per second (1000)] [that never read (10)] [seconds (20)]
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
watchers=${1:-5000} rate=${2:-1000} deaf=${3:-10} seconds=${4:-20}
ulimit -Sn "$(ulimit -Hn)"
build //tools:node //tests/bench:watchers
serve node "$bin/node" --shards=1 --listen=127.0.0.1:0 --peer_listen=127.0.0.1:0 --data_dir="$work/data" \
  --max_connections=$((watchers + deaf + 100))
"$bin/watchers" --port="$port" --node_pid="$server_pid" --watchers="$watchers" --rate="$rate" --deaf="$deaf" --seconds="$seconds"
