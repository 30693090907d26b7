#!/usr/bin/env bash
# Quoin beside others, in the same run and in turn: three nodes of Quoin, three of etcd, and a Redis primary with two
# replicas, all durable, all on this machine and this disk, driven by the same load generator (peer_load.cc) with the
# same keys, values and connections, one request under way on each. What each of them promises differs; it is said at the
# end, with the table.
#
# Usage: tests/bench/peers.sh [seconds per run (5)] [rounds (3)] [connections ("1 16 64 256")]
#   QUOIN_BIN=FOLDER     programs that are built already, instead of building them
#   QUOIN_PEERS="..."    which of: etcd redis quoin (quoin-l, below, comes with it)
#   QUOIN_FLAGS="..."    further flags for the nodes of Quoin
#   QUOIN_GAP_ROUNDS=5   rounds of the recovery gap; 0: none
# Needs etcd-server, etcd-client and redis-server (Debian packages). Leaves the lines of all runs in peers.jsonl in the
# present folder.
results=$PWD/peers.jsonl
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
source tests/bench/cluster.sh
seconds=${1:-5} rounds=${2:-3} connections=${3:-1 16 64 256}
peers=${QUOIN_PEERS:-etcd redis quoin}
gap_rounds=${QUOIN_GAP_ROUNDS:-5}
keys=10000 value_size=100

# Debian's package names are not its programs' here.
missing() { command -v "$1" >/dev/null || { echo "needs $1: apt-get install $2" >&2; exit 1; }; }
[[ $peers != *etcd* ]] || { missing etcd etcd-server; missing etcdctl etcd-client; }
[[ $peers != *redis* ]] || { missing redis-server redis-server; missing redis-cli redis-tools; }
need python3 curl
if [ -n "${QUOIN_BIN:-}" ]; then bin=$QUOIN_BIN; else build //tools:node //tools:cluster //tests/bench:peer_load //tests/bench:floor; fi

# Ports that nobody listens on, below those that the kernel gives to outgoing connections.
free_ports() {
  python3 - "$1" <<'END'
import random, socket, sys
held = []
while len(held) < int(sys.argv[1]):
    held.append(socket.socket())
    try:
        held[-1].bind(("127.0.0.1", random.randrange(10000, 32000)))
    except OSError:
        held.pop()
print(*(s.getsockname()[1] for s in held))
END
}

# Each start_X sets ports and pids (with commas, the leader's first, where there is one).

start_etcd() {
  local p i cluster=
  read -ra p < <(free_ports 6)
  for i in 0 1 2; do cluster+="${cluster:+,}e$i=http://127.0.0.1:${p[i + 3]}"; done
  etcd_endpoints=$(printf 'http://127.0.0.1:%s,' "${p[@]:0:3}")
  etcd_endpoints=${etcd_endpoints%,}
  pids[etcd]= ports[etcd]=$(IFS=,; echo "${p[*]:0:3}")
  for i in 0 1 2; do
    # Its defaults: every write is synced to the log of a majority before it is answered.
    etcd --name "e$i" --data-dir "$work/etcd$i" --listen-client-urls "http://127.0.0.1:${p[i]}" \
      --advertise-client-urls "http://127.0.0.1:${p[i]}" --listen-peer-urls "http://127.0.0.1:${p[i + 3]}" \
      --initial-advertise-peer-urls "http://127.0.0.1:${p[i + 3]}" --initial-cluster "$cluster" \
      --initial-cluster-state new --log-level error >"$work/etcd$i.log" 2>&1 &
    servers+=($!)
    pids[etcd]+="${pids[etcd]:+,}$!"
  done
  until_true "etcd" env ETCDCTL_API=3 etcdctl --endpoints="$etcd_endpoints" endpoint health
}

start_redis() {
  local p i
  read -ra p < <(free_ports 3)
  pids[redis]=
  for i in 0 1 2; do
    mkdir -p "$work/redis$i"
    redis-server --port "${p[i]}" --bind 127.0.0.1 --dir "$work/redis$i" --appendonly yes --appendfsync always \
      --save "" --daemonize no $([ "$i" = 0 ] || echo --replicaof 127.0.0.1 "${p[0]}") >"$work/redis$i.log" 2>&1 &
    servers+=($!)
    pids[redis]+="${pids[redis]:+,}$!"
  done
  ports[redis]=${p[0]}
  both_replicas() { [ "$(redis-cli -p "$1" info replication | grep -c 'state=online')" = 2 ]; }
  until_true "Redis with two replicas" both_replicas "${p[0]}"
}

stop_peer() {
  local pid
  if [ "$1" = quoin ]; then stop_quoin; return; fi
  for pid in ${pids[$1]//,/ }; do kill -9 "$pid" 2>/dev/null || true; done
  for pid in ${pids[$1]//,/ }; do wait "$pid" 2>/dev/null || true; done
  rm -rf "$work/$1"[0-9]
}

# By partition, the number of its leader among the ports, or 0.
leaders() {
  curl -sf "http://127.0.0.1:${ports[quoin]%%,*}/v1/cluster/ring" | python3 -c '
import json, sys
ring, ports = json.load(sys.stdin), sys.argv[1].split(",")
number = {n["node"]: ports.index(n["client_address"].rsplit(":", 1)[1]) + 1 for n in ring["nodes"]}
print(*(number.get(p["leader"], 0) for p in ring["partitions"]), sep=",")' "${ports[quoin]}"
}

# load PEER WORK CONNECTIONS [FLAG...]: one run; its line goes to the results. quoin-l is quoin with connections that go
# to the leaders of their keys, as clients that know the ring do.
load() {
  local peer=$1 work_kind=$2 count=$3 line by_partition
  local kind=${peer%-l}
  shift 3
  if [ "$peer" = quoin-l ]; then
    by_partition=$(leaders)
    set -- --leaders="$by_partition" "$@"
  fi
  line=$("$bin/peer_load" --kind="$kind" --work="$work_kind" --connections="$count" --ports="${ports[$kind]}" \
    --pids="${pids[$kind]}" --keys=$keys --value_size=$value_size --seconds="$seconds" "$@")
  echo "{\"peer\": \"$peer\", \"work\": \"$work_kind\", \"connections\": $count, \"run\": $line}" >>"$results"
}

: >"$results"
for peer in $peers; do
  echo "starting $peer" >&2
  "start_$peer"
  load "$peer" fill 16
done
rows=${peers/quoin/quoin quoin-l}
for count in $connections; do
  for work_kind in put get; do
    for ((round = 0; round < rounds; round++)); do
      for peer in $rows; do load "$peer" "$work_kind" "$count"; done
    done
    echo "done: $work_kind over $count connections" >&2
  done
done
for peer in $peers; do stop_peer "$peer"; done
floor=$("$bin/floor" "$work")

# The recovery gap: 64 connections to the nodes that survive, each putting its own key every 10 ms; the leader is killed
# with -9; the longest time that one of the connections was without success. What fails is tried again at once, what is
# unanswered for half a second over a new connection. Redis has no answer to that by itself.
leader_of() {
  if [ "$1" = etcd ]; then
    ETCDCTL_API=3 etcdctl --endpoints="$etcd_endpoints" endpoint status -w json | python3 -c '
import json, sys
for i, member in enumerate(json.load(sys.stdin)):
    if member["Status"]["header"]["member_id"] == member["Status"]["leader"]: print(i)'
  else
    # Each node leads a third of the partitions; the first is as good as any.
    echo 0
  fi
}
for ((round = 0; round < gap_rounds; round++)); do
  for peer in $peers; do
    [ "$peer" != redis ] || continue
    "start_$peer"
    load "$peer" fill 16
    victim=$(leader_of "$peer")
    IFS=, read -ra all_ports <<<"${ports[$peer]}"
    IFS=, read -ra all_pids <<<"${pids[$peer]}"
    saved=${ports[$peer]}
    unset "all_ports[$victim]"
    ports[$peer]=$(IFS=,; echo "${all_ports[*]}")
    load "$peer" gap 64 --seconds=6 --warm_up=2 &
    gap_load=$!
    sleep 4  # Two of warming up, two that are steady.
    kill -9 "${all_pids[victim]}"
    # The shell would tell that it was killed.
    [ "$peer" = quoin ] || wait "${all_pids[victim]}" 2>/dev/null || true
    wait $gap_load
    ports[$peer]=$saved
    stop_peer "$peer"
  done
done

python3 - "$results" "$rounds" "$floor" <<'END'
import collections, json, statistics, sys

runs = collections.defaultdict(list)
for line in open(sys.argv[1]):
    row = json.loads(line)
    runs[row["work"], row["connections"], row["peer"]].append(row["run"])
columns = ["per_s", "p50_us", "p99_us", "cpu_s_per_million", "written_per_byte", "load_cores"]
print(f"medians of {sys.argv[2]} rounds; 100-byte values, 10000 keys drawn evenly, one request under way per connection")
print(f"{'work':4} {'conns':>5} {'peer':7} " + " ".join(f"{c:>18}" for c in columns))
for (work, count, peer), rows in sorted(runs.items(), key=lambda item: (item[0][0], item[0][1], item[0][2])):
    if work in ("fill", "gap"): continue
    values = " ".join(f"{statistics.median(r[c] for r in rows):18.2f}" for c in columns)
    print(f"{work:4} {count:5} {peer:7} {values}")
rate = lambda work, count, peer: statistics.median(r["per_s"] for r in runs[work, count, peer])
for work, count in sorted({(w, c) for w, c, p in runs if w in ("put", "get")}):
    for own in ("quoin", "quoin-l"):
        for peer in ("etcd", "redis"):
            if runs.get((work, count, peer)) and runs.get((work, count, own)):
                ratio = rate(work, count, own) / rate(work, count, peer)
                print(f"{work}, {count} connections: {own} does {ratio:.2f} times what {peer} does")
floor = json.loads(sys.argv[3])
least = floor["round_trip_us"] + floor["fdatasync_us"]
print(f"with three writers at once, a TCP round trip takes {floor['round_trip_us']:.0f} us and a fdatasync "
      f"{floor['fdatasync_us']:.0f} us: together {least:.0f} us (medians)")
for peer in sorted({p for w, c, p in runs if (w, c) == ("put", 1)}):
    p50 = statistics.median(r["p50_us"] for r in runs["put", 1, peer])
    print(f"put over one connection: {peer} takes {p50 / least:.2f} times as long (p50)")
for (work, count, peer), rows in sorted(runs.items()):
    if work != "gap": continue
    gaps = [r["longest_gap_ms"] for r in rows]
    print(f"recovery gap of {peer} after kill -9 of a leader: median {statistics.median(gaps):.0f} ms, worst {max(gaps):.0f} ms of {len(gaps)}")
END
cat <<'END'

What each guarantees when it answers:
  etcd   A put is on the synced logs of a majority (two of three disks). Get is linearizable. Any member answers; when the
         leader dies the others elect a new one after the election timeout (1 s by default).
  redis  A put (SET, then WAIT 1) is in the synced append-only files of the primary and of one replica: appendfsync always
         on all three. There is no agreement: a primary that is cut off goes on answering, and a failover may lose what a
         replica had acknowledged. Get reads the primary, and is linearizable only while nothing fails. Nobody takes over
         when the primary dies (that is Sentinel's or Redis Cluster's work, not measured here).
  quoin  A put is on the synced logs of a majority (two of three disks). Get is linearizable. Any node answers; a dead
         leader's partitions are taken over key by key. (quoin: each connection asks one node for whatever key, as
         with etcd. quoin-l: each asks one node for keys that it leads, as Quoin's client library does.)
All nodes share this machine's processors and one disk, so a sync of one waits for those of the others.
END
