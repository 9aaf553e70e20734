#!/usr/bin/env bash
# Fills ~/.cache/ops/garnet (or $1) with garnet-server, a tool of the .NET SDK, from the package feed that the build uses.
# Needs: the .NET SDK. No root. Some 20 s. Run again at any time.
set -euo pipefail

cache=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/ops/garnet}
version=2.2.8

mkdir -p "$cache"
# One run at a time; a second one waits for the first and finds its work done.
exec 9> "$cache/.lock"
flock 9
if [ -x "$cache/garnet-server" ]; then printf 'already there: %s\n' "$cache"; exit 0; fi
dotnet tool install garnet-server --version "$version" --tool-path "$cache"
