#!/usr/bin/env bash
# Installs Debian's chromium and fetches axe-core into ~/.cache/ops/axe (or $1), for the tests in a real browser.
#
# Needs: Debian 12 or newer and root for chromium (it has a hundred libraries), npm for axe-core. Run again at any time.
set -euo pipefail

cache=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/ops/axe}
axe=axe-core@4.14.1

die() { printf 'get-chromium: %s\n' "$*" >&2; exit 1; }

if ! command -v chromium > /dev/null; then
  command -v apt-get > /dev/null || die "needs apt-get; on another system put chromium on PATH"
  [ "$(id -u)" = 0 ] || die "needs root: sudo apt-get install chromium"
  apt-get -q update > /dev/null
  DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends chromium > /dev/null || die "apt-get install chromium failed"
fi

if [ ! -s "$cache/axe.min.js" ]; then
  command -v npm > /dev/null || die "needs npm for $axe, or axe.min.js of it in $cache"
  mkdir -p "$cache"
  folder=$(mktemp -d)
  trap 'rm -rf "$folder"' EXIT
  (cd "$folder" && npm pack --silent "$axe" > /dev/null && tar xzf axe-core-*.tgz package/axe.min.js) || die "npm pack $axe failed"
  mv "$folder/package/axe.min.js" "$cache/axe.min.js"
fi
printf 'ready: %s and %s/axe.min.js\n' "$(command -v chromium)" "$cache"
