#!/bin/bash
# Fuzzes the request paths (HTTP and WebSocket), what the client library and peers read, and the record decoder, under
# AddressSanitizer with leak detection, each from its corpus.
#
#   tests/fuzz.sh [seconds]     how long each runs (default 60)
#
# The corpora are copied first, so that what the fuzzer finds interesting doesn't land in the tree. An input that crashes
# stays in the printed folder: put it into the corpus, where the tests replay it from then on, and mend the code.
set -euo pipefail

seconds=${1:-60}
[[ $seconds =~ ^[1-9][0-9]*$ ]] || { echo "usage: tests/fuzz.sh [seconds]" >&2 && exit 2; }
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."

command -v clang >/dev/null || { echo "fuzz: needs clang:  apt-get install clang" >&2 && exit 1; }
compgen -G "$(clang -print-resource-dir)/lib/linux/libclang_rt.fuzzer-*.a" >/dev/null ||
  { echo "fuzz: needs libFuzzer:  apt-get install libclang-rt-14-dev" >&2 && exit 1; }

./bazelw build --config=fuzz //net:http_fuzzer //net:websocket_fuzzer //net:peer_codec_fuzzer //net:peer_session_fuzzer \
  //net/client:session_fuzzer //kv:record_fuzzer
bin=$(./bazelw info --config=fuzz bazel-bin 2>/dev/null)

found=$(mktemp -d "${TMPDIR:-/tmp}/quoin-fuzz.XXXXXX")
fuzz() {
  local binary=$1 corpus=$2 name
  name=$(basename "$binary")
  mkdir -p "$found/$name.corpus"
  cp -r "$corpus/." "$found/$name.corpus"
  echo "== $name, $seconds s"
  if ! ASAN_OPTIONS=detect_leaks=1 "$binary" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
    -artifact_prefix="$found/$name." -print_final_stats=1 "$found/$name.corpus" >"$found/$name.log" 2>&1; then
    tail -n 40 "$found/$name.log"
    echo "== $name found something; its inputs are $found/$name.*"
    return 1
  fi
  # What was done, so that a fuzzer that ran nothing is seen.
  grep -E '^stat::(number_of_executed_units|new_units_added)' "$found/$name.log"
}

status=0
fuzz "$bin/net/http_fuzzer" net/testdata/http_corpus || status=1
fuzz "$bin/net/websocket_fuzzer" net/testdata/websocket_corpus || status=1
fuzz "$bin/net/peer_codec_fuzzer" net/testdata/peer_codec_corpus || status=1
fuzz "$bin/net/peer_session_fuzzer" net/testdata/peer_session_corpus || status=1
fuzz "$bin/net/client/session_fuzzer" net/client/testdata/session_corpus || status=1
fuzz "$bin/kv/record_fuzzer" kv/testdata/record_corpus || status=1
if [[ $status == 0 ]]; then
  rm -rf "$found"
  echo "== nothing found"
fi
exit "$status"
