#!/usr/bin/env bash
# clang-tidy 16 over the C++ files that changed since a commit, or over all of them:
#   tidy.sh            since origin/main, or the last commit where there is no such branch; changes not committed count
#   tidy.sh REF        since REF
#   tidy.sh --all      every file
#   tidy.sh FILE...    these
# A file that was clean and has not changed since (itself, its headers, the checks) is not looked at again. JOBS=2.
set -euo pipefail
cd "$(dirname "$0")/.."
build=${XEBEC_TIDY_BUILD:-build/release}
[ -f "$build/compile_commands.json" ] || cmake --preset release >/dev/null

changed_since() { { git diff --name-only --diff-filter=d "$1"; git ls-files --others --exclude-standard; } | sort -u; }

case "${1:-}" in
  --all) mapfile -t files < <(git ls-files) ;;
  "")
    base=$(git merge-base origin/main HEAD 2>/dev/null || git rev-parse HEAD~1)
    [ "$base" != "$(git rev-parse HEAD)" ] || base=$(git rev-parse HEAD~1)
    mapfile -t files < <(changed_since "$base")
    ;;
  *)
    if [ -e "$1" ]; then files=("$@"); else mapfile -t files < <(changed_since "$1"); fi
    ;;
esac
exec nice -n 15 python3 tools/tidy.py "$build" "${JOBS:-2}" "${files[@]}"
