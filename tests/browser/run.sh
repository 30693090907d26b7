#!/bin/bash
# Runs one file of tests under Node.js:  run.sh wire_test.mjs
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
[[ ! -e docs/javascript.md ]] || cp -L docs/javascript.md "$folder"
export QUOIN_NODE=$PWD/tools/node
export QUOIN_PLAYWRIGHT=$TEST_SRCDIR/playwright_core/package
export QUOIN_TYPESCRIPT=$TEST_SRCDIR/typescript/package
# Profiles of browsers and data of nodes too.
mkdir "$folder/tmp"
export TMPDIR=$folder/tmp
cd "$folder"
node --test "$1"
