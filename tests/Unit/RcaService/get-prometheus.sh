#!/usr/bin/env bash
# Puts Debian's own prometheus into ~/.cache/ops/prometheus (or $1), so that the tests can ask a real one. No root: the
# package is downloaded and unpacked, nothing is installed. Run again at any time.
set -euo pipefail

cache=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/ops/prometheus}
if [ -x "$cache/prometheus" ] && "$cache/prometheus" --version >/dev/null 2>&1; then echo "already there: $cache"; exit 0; fi
for tool in apt-get dpkg-deb; do
  command -v "$tool" >/dev/null || { echo "get-prometheus: needs $tool; on another system put prometheus on PATH" >&2; exit 1; }
done
mkdir -p "$cache"
exec 9>"$cache/.lock"
flock 9
work=$(mktemp -d "$cache/work.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"
# Private package lists: the system's own may be missing, and reading them anew needs root.
mkdir -p apt/lists/partial apt/cache/archives/partial
apt=(apt-get -q -o Dir::State::lists="$work/apt/lists" -o Dir::Cache="$work/apt/cache" -o APT::Sandbox::User="")
"${apt[@]}" update > apt.log 2>&1 || { echo "get-prometheus: apt-get update failed: $(tail -1 apt.log)" >&2; exit 1; }
"${apt[@]}" download prometheus >> apt.log 2>&1 || { echo "get-prometheus: download failed: $(tail -1 apt.log)" >&2; exit 1; }
dpkg-deb -x prometheus_*.deb root
"$work/root/usr/bin/prometheus" --version >/dev/null
mv "$work/root/usr/bin/prometheus" "$cache/prometheus"
echo "done: $cache"
