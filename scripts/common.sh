# Shared by the scripts beside it: messages, and quiet work that shows its output only when it fails.
# shellcheck shell=bash
set -euo pipefail
# shellcheck disable=SC2034  # for those who source this
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"

say() { printf '%s\n' "$*"; }
die() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; exit 1; }

usage() { # print the comment on top of the calling script
  sed -n '2,/^[^#]/{/^#/!q;s/^# \{0,1\}//p}' "$0"
}

need_root() { [ "$(id -u)" = 0 ] || die "this needs root: run it as root or with sudo"; }

quietly() { # WHAT COMMAND...: a line for WHAT; the command's output only if it fails
  local what=$1 log; shift
  log=$(mktemp)
  say "$what"
  if ! "$@" >"$log" 2>&1 </dev/null; then
    cat "$log" >&2; rm -f "$log"
    die "failed: $what"
  fi
  rm -f "$log"
}
