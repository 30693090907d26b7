# Shared by the measurements of this folder, which source it: programs built for speed, servers that end with the script,
# medians. Sets $work, a folder on a real disk ($TMPDIR) that is removed at the end, and $bin, where the programs are.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

# need TOOL...: each must be there; Debian's packages are named as the tools are.
need() {
  local tool
  for tool in "$@"; do
    command -v "$tool" >/dev/null || { echo "needs $tool: apt-get install $tool" >&2; exit 1; }
  done
}

work=$(mktemp -d)
bin=$work/bin
servers=()
clean_up() {
  local pid
  for pid in "${servers[@]}"; do kill "$pid" 2>/dev/null || true; done
  wait
  rm -rf "$work"
}
trap clean_up EXIT

# A sync to memory costs nothing, and would be measured as if it did.
if [ "$(stat -f -c %T "$work")" = tmpfs ]; then
  echo "$work is in memory (tmpfs): set TMPDIR to a folder on the disk that is to be measured" >&2
  exit 1
fi

# build TARGET...: builds them, and copies them to $bin under their names, so that another build meanwhile changes
# nothing.
build() {
  local target from
  ./bazelw build --config=opt "$@" 2>&1 | tail -1
  from=$(./bazelw info --config=opt bazel-bin 2>/dev/null)
  mkdir -p "$bin"
  for target in "$@"; do
    target=${target#//}
    cp "$from/${target/://}" "$bin/"
  done
}

# serve NAME COMMAND...: starts a server, waits until it says that it is listening, and sets $port and $server_pid.
serve() {
  local name=$1
  shift
  : >"$work/$name.out"
  "$@" >>"$work/$name.out" 2>"$work/$name.log" &
  server_pid=$!
  servers+=("$server_pid")
  until grep -q listening "$work/$name.out"; do
    kill -0 "$server_pid" 2>/dev/null || { cat "$work/$name.log" >&2; exit 1; }
    sleep 0.1
  done
  port=$(sed -n 's/.*listening.*[: ]\([0-9]*\)$/\1/p' "$work/$name.out")
}

median() { sort -n | awk '{v[NR] = $1} END {print v[int((NR + 1) / 2)]}'; }
# spread: the lowest and the highest, for how far the median is to be trusted.
spread() { sort -n | awk 'NR == 1 {low = $1} {high = $1} END {print low " to " high}'; }
ratio() { awk -v a="$1" -v b="$2" 'BEGIN {print a / b}'; }

# engine RECORDS SECONDS: what the storage engine alone commits per second, so many records of 100 bytes to a sync, on
# the disk of $work.
engine() {
  TMPDIR=$work "$bin/storage_bench" --benchmark_filter="^BM_Commit/records:$1/real_time\$" \
    --benchmark_min_time="$2" --benchmark_format=csv 2>/dev/null | awk -F, '$1 ~ /BM_Commit/ {print $7}'
}
