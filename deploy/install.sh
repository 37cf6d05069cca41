#!/usr/bin/env bash
# Installs a built Xebec on this Debian 12 machine: packages, binary, offline images, systemd unit (where systemd runs).
# usage: deploy/install.sh [BINARY]      (default: build/release/bin/xebec); root; idempotent
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
binary=${1:-$root/build/release/bin/xebec}
[ -x "$binary" ] || { echo "install: no program at $binary; build it first: ./dev build -p release xebec" >&2; exit 1; }

"$root/tools/setup.sh" build run
install -D -m 755 "$binary" /usr/local/bin/xebec
"$root/tools/images/build.sh" /usr/local/share/xebec/images
install -D -m 644 "$root/deploy/90-xebec.conf" /etc/sysctl.d/90-xebec.conf
if [ -d /run/systemd/system ]; then
  install -D -m 644 "$root/deploy/xebec.service" /etc/systemd/system/xebec.service
  systemctl daemon-reload
  echo "installed; start it with: systemctl enable --now xebec"
else
  echo "installed; start it with: xebec up"
fi
