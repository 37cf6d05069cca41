#!/usr/bin/env bash
# All tests of the release build: unit, integration and end-to-end. --asan adds the unit tests under ASan+UBSan,
# --sanitizers the unit and integration tests under ASan+UBSan and TSan.
set -euo pipefail
cd "$(dirname "$0")/.."

step() { printf '\n==> [%s] %s\n' "$(date +%T)" "$*"; }
presets=() exclude=e2e
case "${1:-}" in
  "") ;;
  --asan) presets=(asan) exclude='e2e|integration' ;;
  --sanitizers) presets=(asan tsan) ;;
  *) echo "usage: $0 [--asan | --sanitizers]" >&2; exit 2 ;;
esac

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

# gRPC and its libraries synchronise unseen by ThreadSanitizer: tsan.supp.
export TSAN_OPTIONS="suppressions=$PWD/tools/tsan.supp ignore_noninstrumented_modules=1"
for preset in "${presets[@]}"; do
  step "Tests under $preset"
  ./dev build -p "$preset"
  ctest --test-dir "build/$preset" -LE "$exclude" --output-on-failure
done
step "All tests passed"
