#!/usr/bin/env bash
# Fills ~/.cache/ops/kube (or $1) with kube-apiserver, kube-controller-manager, kube-scheduler and etcd, built from
# Debian's own packages, so that the contract suite can compare the sandbox with the real thing.
#
# Needs: Debian 12 with its everyday tools (apt-get, dpkg-deb, tar, sed, curl, openssl). No root: packages are
# downloaded and unpacked below the cache folder, nothing is installed. About 5 minutes and 2 GB on 2 idle cores.
# Run again at any time: finished steps are skipped, a broken one is repeated.
set -euo pipefail

cache=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/ops/kube}
work=$cache/work
binaries="kube-apiserver kube-controller-manager kube-scheduler"
started=$SECONDS

say() { printf '[%4ds] %s\n' $((SECONDS - started)) "$*"; }
die() { printf 'get-kube: %s\n' "$*" >&2; exit 1; }

# Starts what was built and asks it for its health, so that a half-written binary is never trusted.
verify() {
  local dir port etcd_port
  dir=$(mktemp -d)
  port=$((20000 + RANDOM % 10000)) etcd_port=$((31000 + RANDOM % 10000))
  "$cache/etcd" --data-dir "$dir/etcd" --listen-client-urls "http://127.0.0.1:$etcd_port" \
    --advertise-client-urls "http://127.0.0.1:$etcd_port" --listen-peer-urls "http://127.0.0.1:$((etcd_port + 1))" \
    --initial-advertise-peer-urls "http://127.0.0.1:$((etcd_port + 1))" --initial-cluster "default=http://127.0.0.1:$((etcd_port + 1))" \
    >"$dir/etcd.log" 2>&1 &
  local etcd_pid=$!
  printf 'verify,admin,1,"system:masters"\n' >"$dir/tokens.csv"
  openssl genrsa -out "$dir/sa.key" 2048 2>/dev/null
  "$cache/kube-apiserver" --etcd-servers "http://127.0.0.1:$etcd_port" --cert-dir "$dir/certs" --bind-address 127.0.0.1 \
    --secure-port "$port" --service-cluster-ip-range 10.0.0.0/24 --token-auth-file "$dir/tokens.csv" --authorization-mode RBAC \
    --service-account-issuer https://kubernetes.default.svc --service-account-key-file "$dir/sa.key" \
    --service-account-signing-key-file "$dir/sa.key" >"$dir/apiserver.log" 2>&1 &
  local api_pid=$! ok=1
  for _ in $(seq 120); do
    if curl -fsSk -H 'Authorization: Bearer verify' "https://127.0.0.1:$port/readyz" >/dev/null 2>&1; then ok=0; break; fi
    kill -0 $api_pid 2>/dev/null || break
    sleep 0.5
  done
  [ $ok = 0 ] || tail -5 "$dir/apiserver.log" "$dir/etcd.log" >&2
  kill $api_pid $etcd_pid 2>/dev/null || true
  wait $api_pid $etcd_pid 2>/dev/null || true
  rm -rf "$dir"
  return $ok
}

complete() { for b in $binaries etcd; do [ -x "$cache/$b" ] || return 1; done; [ -e "$cache/.verified" ]; }

if complete; then say "already there: $cache"; exit 0; fi
for tool in apt-get dpkg-deb tar sed curl openssl; do
  command -v "$tool" >/dev/null || die "needs $tool; on another system put kube-apiserver and etcd on PATH or set KUBEBUILDER_ASSETS"
done
mkdir -p "$work"

# One run at a time; a second one waits for the first and finds its work done.
exec 9>"$cache/.lock"
flock 9
if complete; then say "already there: $cache"; exit 0; fi

# A private copy of the package sources with source packages switched on; the system's own stay untouched.
apt_dir=$work/apt
mkdir -p "$apt_dir"/{lists/partial,cache/archives/partial,sources.d}
for f in /etc/apt/sources.list.d/*.sources; do
  [ -e "$f" ] && grep -q debian "$f" && sed 's/^Types: deb$/Types: deb deb-src/' "$f" >"$apt_dir/sources.d/$(basename "$f")"
done
if [ -s /etc/apt/sources.list ]; then
  { grep -E '^deb ' /etc/apt/sources.list; sed -nE 's/^deb (.*)/deb-src \1/p' /etc/apt/sources.list; } >"$apt_dir/sources.d/main.list"
fi
apt=(apt-get -q -o Dir::State::lists="$apt_dir/lists" -o Dir::Cache="$apt_dir/cache"
  -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$apt_dir/sources.d" -o APT::Sandbox::User="")

if [ ! -e "$work/.downloaded" ]; then
  say "reading package lists"
  "${apt[@]}" update >"$work/apt.log" 2>&1 || die "apt-get update failed: $(tail -1 "$work/apt.log")"
  cd "$work"
  say "downloading golang-1.19, etcd-server and the kubernetes source package"
  "${apt[@]}" download golang-1.19-go golang-1.19-src etcd-server golang-github-modern-go-reflect2-dev >>"$work/apt.log" 2>&1 \
    || die "download failed: $(tail -1 "$work/apt.log")"
  "${apt[@]}" source --download-only kubernetes >>"$work/apt.log" 2>&1 || die "source download failed: $(tail -1 "$work/apt.log")"
  touch "$work/.downloaded"
fi

if [ ! -e "$work/.unpacked" ]; then
  say "unpacking"
  rm -rf "$work/root" "$work/gopath"
  mkdir -p "$work/root" "$work/gopath/src/k8s.io/kubernetes"
  for deb in "$work"/*.deb; do dpkg-deb -x "$deb" "$work/root"; done
  tar -xf "$work"/kubernetes_*.orig.tar.* -C "$work/gopath/src/k8s.io/kubernetes" --strip-components=1
  # reflect2 1.0.1 crashes on the first custom resource under Go 1.19; Debian carries 1.0.2.
  vendored=$work/gopath/src/k8s.io/kubernetes/vendor/github.com/modern-go/reflect2
  rm -rf "$vendored" && cp -r "$work/root/usr/share/gocode/src/github.com/modern-go/reflect2" "$vendored"
  touch "$work/.unpacked"
fi

export GOROOT=$work/root/usr/lib/go-1.19 GOPATH=$work/gopath GO111MODULE=off CGO_ENABLED=0 GOCACHE=$work/gocache GOFLAGS=
go=$GOROOT/bin/go
source=$GOPATH/src/k8s.io/kubernetes
cd "$source"

if [ ! -s pkg/generated/openapi/zz_generated.openapi.go ]; then
  say "generating the OpenAPI definitions (the source package leaves them out)"
  mkdir -p pkg/generated/openapi
  "$go" build -o "$work/openapi-gen" ./vendor/k8s.io/kube-openapi/cmd/openapi-gen
  packages=$(grep -rl --include=*.go -E '^// \+k8s:openapi-gen=true' vendor/k8s.io staging/src/k8s.io pkg 2>/dev/null \
    | sed -E 's#^(vendor|staging/src)/##; s#^pkg/#k8s.io/kubernetes/pkg/#; s#/[^/]*$##' | sort -u | grep -v -E '/testdata|kube-openapi/test|code-generator|sample-|kubernetes/pkg/generated' | paste -sd,)
  "$work/openapi-gen" --go-header-file /dev/null --logtostderr -O zz_generated.openapi \
    --output-base "$GOPATH/src" -p k8s.io/kubernetes/pkg/generated/openapi -i "$packages" -r "$work/api-violations" \
    >"$work/openapi-gen.log" 2>&1 || die "openapi-gen failed: $(tail -2 "$work/openapi-gen.log")"
fi

version='-X k8s.io/kubernetes/vendor/k8s.io/component-base/version.gitVersion=v1.20.2 -X k8s.io/kubernetes/vendor/k8s.io/component-base/version.gitMajor=1 -X k8s.io/kubernetes/vendor/k8s.io/component-base/version.gitMinor=20'
for b in $binaries; do
  [ -x "$cache/$b" ] && continue
  say "building $b"
  "$go" build -ldflags "-s -w $version" -o "$work/$b" "./cmd/$b" 2>"$work/$b.log" || die "building $b failed: $(tail -3 "$work/$b.log")"
  mv "$work/$b" "$cache/$b"
done
install -m 0755 "$work/root/usr/bin/etcd" "$cache/etcd"

say "starting what was built, once"
verify || die "kube-apiserver did not become ready; delete $cache and run again"
touch "$cache/.verified"
# The compiler cache and the sources are 3 GB that nobody needs again.
chmod -R u+w "$work" && rm -rf "$work"
say "done: $cache"
