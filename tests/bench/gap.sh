#!/usr/bin/env bash
# The gap in service when a node of three is killed (-9), hangs (SIGSTOP) or is cut off: the longest time without success
# for the partitions that it led, through a node that survives; median and worst of many runs, for puts and for gets.
# Checks that no acknowledged put is lost in any of them. See gap.cc.
# Usage: tests/bench/gap.sh [runs (50)] [partitions (64)] [faults ("kill stop cut")]
# Data are kept under $TMPDIR, which must be on the disk that is to be measured. Cuts need network namespaces.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
runs=${1:-50} partitions=${2:-64} faults=${3:-kill stop cut}

./bazelw build --config=opt //tests/bench:gap 2>&1 | tail -1
program=$(./bazelw info --config=opt bazel-bin 2>/dev/null)/tests/bench/gap
cd "$program.runfiles/quoin"
for fault in $faults; do
  for kind in put get; do
    TEST_TMPDIR=$work "$program" --fault="$fault" --work="$kind" --runs="$runs" --partitions="$partitions" 2>>"$work/log" |
      tee -a "$work/lines" || { tail -40 "$work/log" >&2; exit 1; }
  done
done
echo
printf '%-5s %-5s %6s %12s %11s\n' fault work runs "median (ms)" "worst (ms)"
sed 's/[{},"]//g' "$work/lines" | awk '{printf "%-5s %-5s %6s %12s %11s\n", $2, $4, $6, $10, $12}'
