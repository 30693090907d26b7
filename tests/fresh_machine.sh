#!/bin/bash
# Makes a Debian 12 machine that has nothing (a debootstrap root in a temporary folder), copies a clone of this repository
# into it, and types the README's two commands there, nothing else: the node must answer curl, the tests must pass.
#
#   tests/fresh_machine.sh [--worktree] [--keep] [folder]
#
#   --worktree  take the files as they are now instead of a clone of the last commit
#   --keep      leave the machine's folder where it is
#   folder      where the machine is made (default: a new folder under ${TMPDIR:-/tmp}); needs 6 GB
#
# Needs root, debootstrap, git and curl, and takes long: it downloads a few hundred packages, then builds everything.
# The new machine uses this one's package sources (npm's too), proxy and keys. All its processes and mounts live in
# namespaces of their own, so that they end with this script however it ends.
set -euo pipefail

say() { printf '\n== %s\n' "$*"; }
die() { printf 'fresh_machine: %s\n' "$*" >&2 && exit 1; }

worktree=false keep=false machine=
for argument in "$@"; do
  case $argument in
    --worktree) worktree=true ;;
    --keep) keep=true ;;
    -*) die "unknown option $argument; there are --worktree and --keep" ;;
    *) machine=$argument ;;
  esac
done
repository=$(readlink -f "$(dirname "${BASH_SOURCE[0]}")/..")

[[ $EUID == 0 ]] || die "needs root, for chroot"
for tool in debootstrap git curl; do
  command -v "$tool" >/dev/null || die "needs $tool:  apt-get install $tool"
done
# The README's command uses the default port, and the machine shares this one's network.
for port in 8080 7080; do
  ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || die "port $port is in use here, and the node will want it"
done
node_command='./bazelw run //tools:node'
test_command='./bazelw test //...'
for line in "$node_command" "$test_command"; do
  grep -q -x -F "$line" "$repository/README.md" || die "README.md has no line '$line' any more"
done

if [[ -z $machine ]]; then
  machine=$(mktemp -d "${TMPDIR:-/tmp}/quoin-fresh.XXXXXX")
else
  mkdir -p "$machine"
  [[ -z $(ls -A "$machine") ]] || die "$machine is not empty"
  machine=$(readlink -f "$machine")
fi
clean_up() {
  # --one-file-system: should a mount have survived, nothing beyond it is touched.
  $keep || rm -rf --one-file-system "$machine"
}
trap clean_up EXIT

say "A Debian 12 without anything, in $machine"
eval "$(apt-config shell proxy Acquire::http::Proxy)"
[[ -z ${proxy:-} ]] || export http_proxy=$proxy
mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 'Codename: bookworm' 'Origin: Debian' | head -n 1)
declare -a keyring=()
[[ ! -e /usr/share/keyrings/debian-archive-keyring.gpg ]] ||
  keyring=(--keyring=/usr/share/keyrings/debian-archive-keyring.gpg)
[[ -n $mirror ]] || die "apt on this machine has no source for Debian 12 (bookworm) packages"
debootstrap --variant=minbase "${keyring[@]}" bookworm "$machine" "$mirror" \
  >"$machine.log" 2>&1 || { tail -n 20 "$machine.log" >&2 && die "debootstrap failed; its log is $machine.log"; }
rm -f "$machine.log"

# This machine's way to the packages.
for path in /etc/apt/sources.list /etc/apt/sources.list.d /etc/apt/preferences.d /etc/apt/trusted.gpg.d \
  /etc/apt/keyrings /usr/share/keyrings /etc/hosts /etc/resolv.conf; do
  [[ ! -e $path ]] || { rm -rf "${machine:?}$path" && cp -rL "$path" "$machine$path"; }
done
apt-config dump | grep -E '^Acquire::' | grep -v -E '^Acquire::(IndexTargets|Changelogs|CompressionTypes)' \
  >"$machine/etc/apt/apt.conf.d/90host" || true
# And its way to npm, of which the tests of the JavaScript client take two packages.
if command -v npm >/dev/null; then
  for setting in registry proxy https-proxy cafile; do
    value=$(npm config get "$setting" 2>/dev/null)
    [[ -z $value || $value == null || $value == undefined ]] || echo "$setting=$value" >>"$machine/root/.npmrc"
    [[ $setting != cafile || ! -f $value ]] || install -D -m 644 "$value" "$machine$value"
  done
fi
# Fresh means: no lists, as in an image. bazelw has to see to that.
rm -rf "$machine"/var/lib/apt/lists/*

if $worktree; then
  mkdir "$machine/quoin"
  (cd "$repository" && tar -c --exclude='./bazel-*' --exclude=./.git --exclude=./quoin-data .) | tar -x -C "$machine/quoin"
else
  git clone -q --no-local "$repository" "$machine/quoin"
fi

# Runs on the new machine's side of the namespaces, as process 1 there.
inside() {
  set -euo pipefail
  local machine=$1 node_command=$2 test_command=$3 output pid line url=
  mount -t proc proc "$machine/proc"
  mount --bind /dev "$machine/dev"
  mount -t devpts -o newinstance,ptmxmode=0666 devpts "$machine/dev/pts"
  mount --bind "$machine/dev/pts/ptmx" "$machine/dev/ptmx"
  mount -t tmpfs tmpfs "$machine/dev/shm"
  # What a login gives, and not a variable more.
  local login=(env -i HOME=/root USER=root LANG=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
    chroot "$machine" bash -c)

  printf '\n== %s\n' "$node_command"
  exec {output}< <(exec "${login[@]}" "cd /quoin && exec $node_command" 2>&1)
  pid=$!
  while IFS= read -r -u "$output" line; do
    printf '%s\n' "$line"
    [[ ! $line =~ is\ listening\ on\ (http://[^ ]+) ]] || { url=${BASH_REMATCH[1]} && break; }
  done
  [[ -n $url ]] || { echo "the node did not start" && return 1; }

  curl -sS --fail-with-body -X PUT --data-binary Alice "$url/v1/kv/username"
  [[ $(curl -sS --fail-with-body "$url/v1/kv/username") == Alice ]] || { echo "the node lost what it stored" && return 1; }
  echo "curl reads back what it stored"
  kill -TERM "$pid"
  cat <&"$output"
  wait "$pid" || { echo "the node ended with $? on SIGTERM" && return 1; }

  printf '\n== %s\n' "$test_command"
  "${login[@]}" "cd /quoin && exec $test_command" || return 1
}
export -f inside
unshare --mount --propagation private --pid --fork --kill-child \
  bash -c 'inside "$@"' inside "$machine" "$node_command" "$test_command"

say "The two commands work on a machine that had nothing"
