#!/bin/bash
# What tools:cluster sees of a node, without a node: it says where it listens, and ends when it is told to.
#   --refuse      ends as a node does that can't listen
#   --refuse_at=HOST:PORT  the same, if that is where it is to listen
#   --makes=PATH           makes that folder
#   --fails_check          ends as a node does whose check has failed
#   --half_at=HOST:PORT    if that is where it is to listen: ends when it has said who it is, before it says the rest
#   a line written to <data_dir>/wait: it ends by itself, with exit code 3
#   --stubborn    does not hear SIGTERM
#   --falls_in_stop        ends with exit code 3 on SIGTERM
on_sigterm() {
  [[ $arguments != *" --stubborn "* ]] || return
  echo "got SIGTERM" >&2
  [[ $arguments != *" --falls_in_stop "* ]] || exit 3
  exit 0
}
arguments=" $* "
trap on_sigterm TERM
for argument in "$@"; do
  case $argument in
    --listen=*) listen=${argument#*=} ;;
    --peer_listen=*) peers=${argument#*=} ;;
    --data_dir=*) data=${argument#*=} ;;
    --makes=*) mkdir -p "${argument#*=}" ;;
  esac
done
echo "arguments: $*" >&2
if [[ $arguments == *" --refuse "* || $arguments == *" --refuse_at=$listen "* ]]; then
  echo "E20240131 12:00:00.123456  1234 node.cc:224] can't start: another process listens on $listen" >&2
  exit 1
fi
if [[ $arguments == *" --fails_check "* ]]; then
  printf '%s\n' "F20240131 12:00:00.123456  1234 node.cc:9] Check failed: it holds" "    @     0x7f0123456789  main" >&2
  exit 134
fi
mkdir -p "$data"
name=$(basename "$(dirname "$data")")
# A port that is left to the node is this process's number, which no other has.
[[ $listen != *:0 ]] || listen=${listen%0}$((1024 + $$ % 60000))
[[ $peers != *:0 ]] || peers=${peers%0}$((1024 + $$ % 60000))
[[ -p $data/wait ]] || mkfifo "$data/wait"
exec 9<>"$data/wait"
echo "quoin node 00c0ffee00c0ff0${name#n} is listening on http://$listen"
[[ $arguments != *" --half_at=$listen "* ]] || exit 3
echo "quoin node 00c0ffee00c0ff0${name#n} takes peers on $peers"
while :; do
  # A line that nobody writes, unless a test does: then the node falls. Bash forgets a SIGTERM that comes just before it
  # reads, until the reading ends.
  read -r -t 1 -u 9 && { echo "it falls" >&2; exit 3; }
done
