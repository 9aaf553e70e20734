#!/usr/bin/env bash
# Fills ~/.cache/ops/redis (or $1) with redis-server, redis-cli and the libraries that they need, from Debian's own packages.
#
# Needs: Debian 12 or newer with apt-get and dpkg-deb. No root: packages are downloaded and unpacked below the cache
# folder, nothing is installed and no service is started. A few seconds. Run again at any time.
set -euo pipefail

cache=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/ops/redis}
packages="redis-tools liblzf1 libjemalloc2 liblua5.1-0 lua-cjson lua-bitop libatomic1 libhiredis0.14"

die() { printf 'get-redis: %s\n' "$*" >&2; exit 1; }

verify() { "$cache/redis-server" --version > /dev/null 2>&1 && "$cache/redis-cli" --version > /dev/null 2>&1; }

wrappers() {
  local lib program
  lib=$(cd "$cache/root" && find usr/lib -maxdepth 1 -name '*-linux-gnu*' -printf '%f\n' | head -n 1)
  # The server is the same program as redis-check-rdb, told apart by its name.
  ln -sf redis-check-rdb "$cache/root/usr/bin/redis-server"
  for program in redis-server redis-cli; do
    cat > "$cache/$program" << WRAPPER
#!/bin/sh
LD_LIBRARY_PATH="$cache/root/usr/lib/$lib:\$LD_LIBRARY_PATH" exec "$cache/root/usr/bin/$program" "\$@"
WRAPPER
    chmod +x "$cache/$program"
  done
}

if verify; then printf 'already there: %s\n' "$cache"; exit 0; fi
for tool in apt-get dpkg-deb; do
  command -v "$tool" > /dev/null || die "needs $tool; on another system put redis-server 7 or newer on PATH"
done
mkdir -p "$cache"

# One run at a time; a second one waits for the first and finds its work done.
exec 9> "$cache/.lock"
flock 9
# An earlier form of this script unpacked redis-cli too, but did not make it callable.
if [ -x "$cache/root/usr/bin/redis-cli" ]; then wrappers; fi
if verify; then printf 'already there: %s\n' "$cache"; exit 0; fi

# Private package lists: the system's own may be missing, and reading them anew needs root.
mkdir -p "$cache"/apt/{lists/partial,cache/archives/partial} "$cache/debs"
apt=(apt-get -q -o Dir::State::lists="$cache/apt/lists" -o Dir::Cache="$cache/apt/cache" -o APT::Sandbox::User="")
"${apt[@]}" update > "$cache/apt.log" 2>&1 || die "apt-get update failed: $(tail -1 "$cache/apt.log")"
# shellcheck disable=SC2086
(cd "$cache/debs" && "${apt[@]}" download $packages >> "$cache/apt.log" 2>&1) || die "download failed: $(tail -1 "$cache/apt.log")"
for deb in "$cache"/debs/*.deb; do dpkg-deb -x "$deb" "$cache/root"; done

wrappers
verify || die "the unpacked redis-server does not start: $("$cache/redis-server" --version 2>&1 | tail -1)"
rm -rf "$cache/debs" "$cache/apt"
printf 'ready: %s/redis-server\n' "$cache"
