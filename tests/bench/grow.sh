#!/usr/bin/env bash
# A node is added to a cluster of three that holds many keys and is at work: how many bytes reach the newcomer, against
# what its replicas hold; how long that takes; and what the clients notice: their p50 and p99 before and during it. On the
# way: what a key costs in memory and on disk, per replica.
# Usage: tests/bench/grow.sh [keys (1000000)] [operations per second of the clients (2000)] [value bytes (100)]
#   QUOIN_BIN=FOLDER   programs that are built already, instead of building them
# Data are kept under $TMPDIR, which must be on the disk that is to be measured. Needs ss (iproute2).
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
source tests/bench/cluster.sh
keys=${1:-1000000} rate=${2:-2000} value_size=${3:-100}
need python3 curl ss
if [ -n "${QUOIN_BIN:-}" ]; then bin=$QUOIN_BIN; else build //tools:node //tools:cluster //tools:bench; fi

# Means over the three nodes, in KiB.
resident_kib() { for pid in ${pids[quoin]//,/ }; do awk '/^VmRSS/ {print $2}' "/proc/$pid/status"; done | mean; }
disk_kib() { du -sk --apparent-size "$work"/quoin/n[123] | mean; }
mean() { awk '{sum += $1} END {print sum / NR}'; }
per_key() { awk -v after="$1" -v before="$2" -v keys="$keys" 'BEGIN {printf "%.1f", (after - before) * 1024 / keys}'; }

# Where the members listen for one another, a line each.
peers() { curl -sf "http://127.0.0.1:${ports[quoin]%%,*}/v1/cluster" | grep -o '"peer_address": *"[^"]*"' | cut -d'"' -f4; }

show() {
  python3 - "$1" "$2" <<'END'
import json, sys
result = json.load(open(sys.argv[2]))
latency = result["total"]["latency_us"]
print(f'{sys.argv[1]:18} {result["operations_per_s"]:9.0f} op/s   p50 {latency["p50"] / 1000:7.2f} ms   '
      f'p99 {latency["p99"] / 1000:7.2f} ms   p99.9 {latency["p99_9"] / 1000:7.2f} ms')
END
}

start_quoin
founders=$(peers)
servers_list=$(sed 's/\([0-9]*\)/127.0.0.1:\1/g' <<<"${ports[quoin]//,/ }" | tr ' ' ,)
# The clients' work, at a fixed rate; a line of JSON.
load=("$bin/bench" --server="$servers_list" --workload=mixed --keys="$keys" --key_size=18 --value_size="$value_size"
  --preload=no --connections=64 --rate="$rate" --warmup=1s --output=json)
empty_resident=$(resident_kib) empty_disk=$(disk_kib)
began=$SECONDS
"$bin/bench" --server="$servers_list" --workload=put --keys="$keys" --key_size=18 --value_size="$value_size" --preload=yes \
  --connections=64 --depth=16 --operations=1 --warmup=0s --output=json >"$work/fill.json" || exit 1
echo "$keys keys of 18 bytes with values of $value_size stored in $((SECONDS - began)) s"
sleep 5  # The engines write their tables behind.
echo "per key and replica: $(per_key "$(resident_kib)" "$empty_resident") bytes resident," \
  "$(per_key "$(disk_kib)" "$empty_disk") bytes on disk"

"${load[@]}" --duration=20s >"$work/before.json"
began=$(date +%s.%N)
"${load[@]}" --duration=1800s >"$work/during.json" &
during=$!
echo add >&8
until_true "a fourth node" grep -q '^ok n4' "$work/quoin.out"
until settled 4; do
  (($(date +%s) - ${began%.*} < 1790)) || { echo "the move takes more than half an hour" >&2; exit 1; }
  sleep 0.2
done
ended=$(date +%s.%N)
kill -TERM $during  # It tells what it has measured so far.
wait $during || true
took=$(awk -v a="$began" -v b="$ended" 'BEGIN {printf "%.1f", b - a}')
newcomer=$(peers | grep -vxF "$founders")
newcomer=${newcomer##*:}
received=$(ss -tinH "sport = :$newcomer" | grep -o 'bytes_received:[0-9]*' | awk -F: '{sum += $2} END {print sum}')
show before "$work/before.json"
show "while it moves" "$work/during.json"
"${load[@]}" --duration=20s >"$work/after.json"
show after "$work/after.json"
curl -sf "http://127.0.0.1:${ports[quoin]%%,*}/v1/cluster/ring" >"$work/ring.json"
curl -sf "http://127.0.0.1:${ports[quoin]%%,*}/v1/cluster" >"$work/status.json"
python3 - "$work/status.json" "$received" "$keys" "$value_size" "$took" <<'END'
import json, sys
status = json.load(open(sys.argv[1]))
received, keys, value, took = float(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5])
total = status["partitions"]["total"]
held = [n["replicas"] for n in status["nodes"]]
share = min(held) / total
bytes_held = keys * share * (18 + value)
print(f"replicas by node: {held}; the optimum gives the newcomer {3 * total // len(held)} of {3 * total}")
print(f"moved in {took:.1f} s; the newcomer received {received / 1e6:.1f} MB over all links, writes of clients included, "
      f"for {bytes_held / 1e6:.1f} MB of keys and values: {received / bytes_held:.2f} times")
END
