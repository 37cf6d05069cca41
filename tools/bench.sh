#!/usr/bin/env bash
# Measures this checkout on this machine, for docs/performance.md: bench.sh [SECTION...]
# Sections: requests, lists, watch, memory, restart, stages, storage, codecs; all but storage and codecs by default.
# Each starts an API server of its own on a free port, in a folder that is removed. Wants a quiet machine.
set -euo pipefail
cd "$(dirname "$0")/.."

bin=build/release/bin
dir=$(mktemp -d -t xebec-bench-XXXXXX)
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
pid=

stop() {
  [ -z "$pid" ] || { kill "$pid" && wait "$pid" 2>/dev/null || true; }
  pid=
}
trap 'stop; rm -rf "$dir"' EXIT

start() {
  "$bin/xebec" apiserver --data-dir "$dir/data" --secure-port "$port" >>"$dir/log" 2>&1 &
  pid=$!
  python3 - "$port" "$pid" <<'EOF'
# Time to ready, of the process' own start: its clock ticks are hundredths of a second.
import os, ssl, sys, time, urllib.request
port, pid = sys.argv[1:]
context = ssl._create_unverified_context()
end = time.monotonic() + 60
while True:
    try:
        urllib.request.urlopen(f"https://127.0.0.1:{port}/readyz", context=context, timeout=5).read()
        break
    except OSError:
        if time.monotonic() > end or not os.path.exists(f"/proc/{pid}"):
            sys.exit("the server does not become ready")
        time.sleep(0.005)
now = time.clock_gettime(time.CLOCK_BOOTTIME)
began = int(open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[19]) / os.sysconf("SC_CLK_TCK")
print(f"exec to ready: {now - began:.2f} s")
EOF
}

fresh() {
  stop
  rm -rf "$dir/data"
  start
}

load() { "$bin/xebec-load" --kubeconfig "$dir/data/admin.conf" --server-pid "$pid" --in-flight 1 --keep "$@"; }
resident() { awk '/VmHWM|VmRSS/ { printf "%s %.0f MiB  ", $1, $2 / 1024 } END { print "" }' "/proc/$pid/status"; }

requests() {
  fresh
  echo "idle: $(resident)"
  load --clients 16 --count 10000 create-configmaps update get create-pods
  load --clients 16 --count 10000 --namespace protobuf --format protobuf create-configmaps update get create-pods
}

lists() {
  fresh
  load --clients 16 --count 10000 create-pods
  echo "with 10,000 Pods: $(resident)"
  for clients in 1 16; do
    for format in json protobuf; do load --clients "$clients" --list-count 48 --format "$format" list-pods; done
  done
  echo "after lists by 16 clients at once: $(resident)"
}

watch() {
  fresh
  for clients in 16 100; do
    for updaters in 1 16; do
      echo "1,000 watchers on $clients connections, $updaters updates at once"
      load --clients "$clients" --watchers 1000 --updaters "$updaters" --count 100000 --namespace "w-$clients-$updaters" \
        create-configmaps watch
    done
  done
}

memory() {
  fresh
  load --clients 16 --count 44000 create-pods
  echo "with 44,000 Pods: $(resident)"
}

restart() {
  fresh
  load --clients 16 --count 68000 create-pods
  stop
  for _ in 1 2 3; do
    start
    echo "with 68,000 Pods, started again: $(resident)"
    stop
  done
}

stages() { "$bin/apiserver_bench" --benchmark_min_time=1; }
storage() { "$bin/storage_bench"; }
codecs() { "$bin/codec_bench"; }

[ "$#" -gt 0 ] || set -- requests lists watch memory restart stages
for section in "$@"; do
  case "$section" in requests | lists | watch | memory | restart | stages | storage | codecs) ;; *)
    sed -n '2,4s/^# //p' tools/bench.sh >&2
    exit 2
    ;;
  esac
done
./dev build -p release xebec xebec-load apiserver_bench storage_bench codec_bench >"$dir/build.log" || { tail -n 30 "$dir/build.log"; exit 1; }
for section in "$@"; do
  printf '\n==> %s\n' "$section"
  "$section"
done
