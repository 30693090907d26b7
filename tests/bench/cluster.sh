# Sourced by measurements of a cluster, behind common.sh: three nodes of Quoin under tools:cluster, as a filter.

declare -A ports pids

# until_true TEXT COMMAND...: tries for a minute.
until_true() {
  local text=$1 deadline=$((SECONDS + 60))
  shift
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < deadline)) || { echo "$text: not within a minute" >&2; exit 1; }
    sleep 0.1
  done
}

# settled NODES: so many are active and lead something, and nothing moves.
settled() {
  [ "$(curl -sf "http://127.0.0.1:${ports[quoin]%%,*}/v1/cluster" | python3 -c '
import json, sys
status = json.load(sys.stdin)
nodes = [n for n in status["nodes"] if n["state"] == "active" and n["leads"] > 0 and n["replicas"] > 0]
wanted = status["partitions"]["total"] * 3
print(len(nodes) if status["partitions"]["moving"] == 0 and sum(n["replicas"] for n in nodes) == wanted else 0)')" = "$1" ]
}

# Sets ports[quoin] and pids[quoin], with commas; the commands of tools:cluster go to descriptor 8. $QUOIN_FLAGS are
# for its nodes.
start_quoin() {
  local fifo=$work/quoin.in
  rm -f "$fifo"
  mkfifo "$fifo"
  rm -rf "$work/quoin"
  # shellcheck disable=SC2086
  "$bin/cluster" --node="$bin/node" --nodes=3 --listen=127.0.0.1:0 --peer_listen=127.0.0.1:0 --data_dir="$work/quoin" -- \
    ${QUOIN_FLAGS:-} <"$fifo" >"$work/quoin.out" 2>"$work/quoin.log" &
  quoin_pid=$!
  servers+=("$quoin_pid")
  exec 8>"$fifo"
  until_true "Quoin" grep -q '^ready' "$work/quoin.out"
  ports[quoin]=$(sed -n 's/^node .* url=http:\/\/[^ ]*:\([0-9]*\) .*/\1/p' "$work/quoin.out" | paste -sd,)
  pids[quoin]=$(sed -n 's/^node .* pid=\([0-9]*\) .*/\1/p' "$work/quoin.out" | paste -sd,)
  until_true "three active nodes of Quoin with their replicas" settled 3
}

stop_quoin() {
  exec 8>&-
  kill "$quoin_pid" 2>/dev/null || true
  wait "$quoin_pid" 2>/dev/null || true
}
