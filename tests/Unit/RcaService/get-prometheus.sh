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
apt-get -q -o APT::Sandbox::User="" download prometheus
dpkg-deb -x prometheus_*.deb root
"$work/root/usr/bin/prometheus" --version >/dev/null
mv "$work/root/usr/bin/prometheus" "$cache/prometheus"
echo "done: $cache"
