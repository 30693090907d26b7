#!/usr/bin/env bash
# What an idle WebSocket costs a node in resident memory: many are opened against one node, each is pinged, each reads a
# key once, and after each step the node's memory is looked at.
# Usage: tests/bench/idle_connections.sh [connections (10000)]
# Needs as many open files and what a node keeps for others, for the node and for the client each: ulimit -Hn.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
connections=${1:-10000}

files=$((connections + connections / 10 + 2000))
hard=$(ulimit -Hn)
if [ "$hard" != unlimited ] && [ "$hard" -lt "$files" ]; then
  echo "needs $files open files, and the hard limit is $hard: raise it (ulimit -Hn), or name fewer connections" >&2
  exit 1
fi
ulimit -Sn "$hard"

build //tools:node //tests/bench:idle_connections
# The client answers pings in turn, so the node is patient.
serve node "$bin/node" --shards=1 --listen=127.0.0.1:0 --peer_listen=127.0.0.1:0 --data_dir="$work/data" --max_connections=$((connections + 100)) \
  --ping_interval=5s --ping_timeout=300s
"$bin/idle_connections" --port="$port" --node_pid="$server_pid" --connections="$connections"
