#!/usr/bin/env bash
# All tests of the release build: unit, integration and end-to-end. --sanitizers adds the unit and integration tests
# under ASan+UBSan and TSan.
set -euo pipefail
cd "$(dirname "$0")/.."

step() { printf '\n==> [%s] %s\n' "$(date +%T)" "$*"; }
sanitizers=
[ "${1:-}" = --sanitizers ] && sanitizers=1

step "Dependencies"
tools/setup.sh
step "Release build"
SECONDS=0
./dev build -p release
echo "built in $SECONDS s; the slowest units:"
python3 tools/slowest_units.py build/release 10
step "Images"
tools/images/build.sh build/images
step "Unit tests"
ctest --test-dir build/release -L unit --output-on-failure
step "Integration and end-to-end tests"
ctest --test-dir build/release -LE unit --output-on-failure

if [ -n "$sanitizers" ]; then
  for preset in asan tsan; do
    step "Unit and integration tests under $preset"
    ./dev build -p "$preset"
    ctest --test-dir "build/$preset" -LE e2e --output-on-failure
  done
fi
step "All tests passed"
