#!/usr/bin/env bash
# Starts and stops a one-node cluster of this checkout: cluster.sh up DATA_DIR PORT | down DATA_DIR [--delete]
set -euo pipefail
cd "$(dirname "$0")/.."

step() { printf '==> %s\n' "$*"; }
xebec=${XEBEC_BINARY:-build/release/bin/xebec}

running() { [ -f "$1/xebec.pid" ] && kill -0 "$(cat "$1/xebec.pid")" 2>/dev/null; }

find_kubectl() {
  local candidate
  for candidate in "${KUBECTL:-}" "$(command -v kubectl || true)" /var/cache/xebec/kubectl-1.20/kubectl; do
    [ -n "$candidate" ] && [ -x "$candidate" ] && { echo "$candidate"; return; }
  done
  echo "no kubectl found: run ./dev setup test" >&2
  exit 1
}

# Waits until a command succeeds, for a number of seconds; fails early when the server has died.
wait_for() {
  local what=$1 seconds=$2 data_dir=$3
  shift 3
  local end=$((SECONDS + seconds))
  until "$@" >/dev/null 2>&1; do
    if ! running "$data_dir"; then
      echo "the server ended; its log's last lines:" >&2
      tail -n 20 "$data_dir/xebec.log" >&2
      exit 1
    fi
    if [ "$SECONDS" -ge "$end" ]; then
      echo "$what did not happen within $seconds s; see $data_dir/xebec.log" >&2
      exit 1
    fi
    sleep 0.1
  done
}

node_ready() { [ "$("$kubectl" get nodes -o 'jsonpath={.items[*].status.conditions[?(@.type=="Ready")].status}')" = True ]; }

up() {
  local data_dir=$1 port=$2
  if [ -z "${XEBEC_BINARY:-}" ]; then
    step "Installing what is missing"
    tools/setup.sh build run
    step "Building (the first time takes some minutes)"
    ./dev build -p release xebec
  fi
  step "Building the images"
  tools/images/build.sh build/images
  kubectl=$(find_kubectl)
  mkdir -p "$data_dir"
  export KUBECONFIG=$data_dir/admin.conf
  if running "$data_dir"; then
    step "The cluster is running already (process $(cat "$data_dir/xebec.pid"))"
  else
    step "Starting the cluster in $data_dir"
    setsid "$xebec" server --data-dir "$data_dir" --secure-port "$port" --images-dir build/images ${XEBEC_SERVER_FLAGS:-} \
      >>"$data_dir/xebec.log" 2>&1 </dev/null &
    echo $! >"$data_dir/xebec.pid"
  fi
  step "Waiting for the API server"
  wait_for "the API server's readiness" 60 "$data_dir" "$kubectl" get --raw /readyz
  step "Waiting for the node"
  wait_for "the node's readiness" 120 "$data_dir" node_ready
  "$kubectl" get nodes
  cat <<EOF

The cluster is Ready. Next:
  export KUBECONFIG=$data_dir/admin.conf
  kubectl get nodes
  kubectl create -f examples/book/hue-learn-deployment.yaml
  kubectl get pods
  ./dev down
EOF
}

down() {
  local data_dir=$1 delete=${2:-}
  if running "$data_dir"; then
    local pid
    pid=$(cat "$data_dir/xebec.pid")
    step "Stopping process $pid"
    kill "$pid"
    local end=$((SECONDS + 30))
    while kill -0 "$pid" 2>/dev/null; do
      if [ "$SECONDS" -ge "$end" ]; then
        echo "it does not stop; killing it" >&2
        kill -9 "$pid" || true
      fi
      sleep 0.1
    done
  fi
  rm -f "$data_dir/xebec.pid"
  step "Removing Pods, containerd and what they left"
  "$xebec" purge --data-dir "$data_dir" ${XEBEC_PURGE_FLAGS:-}
  if [ "$delete" = --delete ]; then
    step "Deleting $data_dir"
    rm -rf "$data_dir"
  fi
}

command=$1
shift
case "$command" in
  up) up "$@" ;;
  down) down "$@" ;;
  *) echo "usage: cluster.sh up DATA_DIR PORT | down DATA_DIR [--delete]" >&2; exit 2 ;;
esac
