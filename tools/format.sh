#!/usr/bin/env bash
# Formats every C++ file with clang-format 16, or checks that nothing would change (--check).
set -euo pipefail
cd "$(dirname "$0")/.."
mode=(-i)
[ "${1:-}" = "--check" ] && mode=(--dry-run -Werror)
git ls-files --cached --others --exclude-standard '*.cc' '*.h' | xargs -r clang-format-16 "${mode[@]}"
