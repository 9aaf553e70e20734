#!/usr/bin/env bash
# Fills ~/.cache/ops/llama (or $1) with llama-server of llama.cpp, from Debian's own packages of a newer suite than this
# machine's, so that the router is tested against a real engine. The tests write the model themselves.
#
# Needs: Debian with apt-get and dpkg-deb, on x86-64. No root: packages are downloaded and unpacked below the cache
# folder, nothing is installed, and the programs run through that suite's own loader and C library. About 13 MB and half
# a minute. Run again at any time: what is there is kept.
set -euo pipefail

cache=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/ops/llama}
work=$cache/work
suite=sid
# llama-server with all that it links to, the C library included.
packages="llama.cpp-tools libllama0 libggml0 libgomp1 libstdc++6 libgcc-s1 libc6 libssl3t64 libzstd1 zlib1g"

say() { printf '%s\n' "$*"; }
die() { printf 'get-llama: %s\n' "$*" >&2; exit 1; }

libraries=$cache/root/usr/lib/x86_64-linux-gnu
run() {
  GGML_BACKEND_PATH=$libraries/ggml/backends0/libggml-cpu-x64.so \
    "$libraries/ld-linux-x86-64.so.2" --library-path "$libraries:$libraries/llama" "$cache/root/usr/bin/llama-server" "$@"
}

if [ -e "$cache/.verified" ]; then say "already there: $cache"; exit 0; fi
[ "$(uname -m)" = x86_64 ] || die "only x86-64 is known to work"
for tool in apt-get dpkg-deb flock; do command -v "$tool" >/dev/null || die "needs $tool"; done
[ -e /usr/share/keyrings/debian-archive-keyring.gpg ] || die "needs Debian's archive keyring"
mkdir -p "$work"

# One run at a time; a second one waits for the first and finds its work done.
exec 9>"$cache/.lock"
flock 9
if [ -e "$cache/.verified" ]; then say "already there: $cache"; exit 0; fi

# A private copy of the package sources that names the newer suite; the system's own stay untouched. The package state is
# empty, so that nothing counts as installed.
apt_dir=$work/apt
mkdir -p "$apt_dir"/{lists/partial,cache/archives/partial,sources.d} "$work/debs"
mirror=$(cat /etc/apt/sources.list.d/*.sources /etc/apt/sources.list 2>/dev/null | grep -v security | grep -oE 'https?://[^ ]+/debian/?( |$)' | head -1 | tr -d ' ' || true)
[ -n "$mirror" ] || die "no Debian mirror in /etc/apt"
printf 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s %s main\n' "$mirror" "$suite" >"$apt_dir/sources.d/newer.list"
: >"$work/status"
apt=(apt-get -q -o Dir::State::lists="$apt_dir/lists" -o Dir::Cache="$apt_dir/cache" -o Dir::State::status="$work/status"
  -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$apt_dir/sources.d" -o APT::Sandbox::User="")

say "reading the package list of $suite"
"${apt[@]}" update >"$work/apt.log" 2>&1 || die "apt-get update failed: $(tail -1 "$work/apt.log")"
say "downloading $packages"
# shellcheck disable=SC2086
(cd "$work/debs" && "${apt[@]}" download $packages) >>"$work/apt.log" 2>&1 || die "download failed: $(tail -1 "$work/apt.log")"
rm -rf "$cache/root"
mkdir -p "$cache/root"
for deb in "$work/debs"/*.deb; do dpkg-deb -x "$deb" "$cache/root"; done
run --version >"$work/version" 2>&1 || die "llama-server does not start: $(tail -1 "$work/version")"
say "$(head -1 "$work/version")"
rm -rf "$work"
touch "$cache/.verified"
say "done: $cache"
