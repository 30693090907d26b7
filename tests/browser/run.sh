#!/bin/bash
# Runs one file of tests under Node.js:  run.sh wire_test.mjs [folder for pictures]
#
# Node.js finds what a file imports beside the file's real path, so the files are copied together out of the runfiles.
set -euo pipefail

# Not in Bazel's own folder for such things: Chromium puts a socket there, and the path of one has at most 107 bytes.
folder=$(mktemp -d /tmp/quoin-js.XXXXXX)
trap 'rm -rf "$folder"' EXIT
cp -L tests/browser/*.*js "$folder"
[[ ! -e net/quoin.js ]] || cp -L net/quoin.js "$folder/quoin.mjs"
[[ ! -e net/assets/quoin.d.ts ]] || cp -L net/assets/quoin.d.ts "$folder/quoin.d.mts"
[[ ! -e tests/browser/types_example.mts ]] || cp -L tests/browser/types_example.mts "$folder"
if [[ -e net/assets/dashboard ]]; then
  mkdir "$folder/dashboard"
  cp -L net/assets/dashboard/*.js "$folder/dashboard"
  echo '{"type": "module"}' > "$folder/dashboard/package.json"
fi
[[ ! -e docs/javascript.md ]] || cp -L docs/javascript.md "$folder"
runfiles=${TEST_SRCDIR:-$(dirname "$PWD")}
# Under bazel run, what is given is meant from where it was typed.
[[ $# -lt 2 ]] || export QUOIN_SCREENSHOTS=$(cd "${BUILD_WORKING_DIRECTORY:-.}" && realpath "$2")
export QUOIN_NODE=$PWD/tools/node
export QUOIN_CLUSTER=$PWD/tools/cluster
export QUOIN_PLAYWRIGHT=$runfiles/playwright_core/package
export QUOIN_TYPESCRIPT=$runfiles/typescript/package
# Profiles of browsers and data of nodes too.
mkdir "$folder/tmp"
export TMPDIR=$folder/tmp
cd "$folder"
node --test "$1"
