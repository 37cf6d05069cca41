#!/usr/bin/env bash
# Searches with libFuzzer for inputs that break a fuzz entry: fuzz.sh [NAME|all] [SECONDS]    (default: all, 60)
# What it learns stays in build/fuzz/corpus/NAME, so that the next run starts there; what breaks an entry is written to
# build/fuzz/findings. Seeds: tests/fuzz/corpus/NAME and, where they are, the conformance vectors of XEBEC_SHARED_DATA.
set -euo pipefail
cd "$(dirname "$0")/.."
name=${1:-all} seconds=${2:-60}
shared=${XEBEC_SHARED_DATA:-../shared}
out=build/fuzz

targets=()
for file in $(git ls-files --cached --others --exclude-standard 'src/*_fuzz.cc' | sort); do
  target=$(basename "$file" _fuzz.cc)
  [ "$name" = all ] || [ "$name" = "$target" ] && targets+=("$target")
done
[ ${#targets[@]} -gt 0 ] || { echo "no fuzz entry $name" >&2; exit 2; }

# The forms that the vectors come in, for the entries that read them.
vectors_of() {
  case $1 in
    json | wire | validation) echo json ;;
    yaml) echo yaml ;;
    protobuf | conversion) echo pb ;;
  esac
}

unpack_vectors() {
  local archive=$shared/facts/vectors/v1.36.tar.zst
  [ -f "$archive" ] && [ ! -d $out/vectors ] || return 0
  mkdir -p $out/vectors.new
  zstd -dcq --long=27 "$archive" | tar -x -C $out/vectors.new
  mv $out/vectors.new $out/vectors
}

# Seeds that an entry has beside its own: a folder, made once.
vector_seeds() {
  local form
  form=$(vectors_of "$1")
  [ -n "$form" ] && [ -d $out/vectors ] || return 0
  if [ ! -d "$out/seeds/$form" ]; then
    mkdir -p "$out/seeds/$form"
    find $out/vectors -name "*.$form" -size -64k -exec cp -t "$out/seeds/$form" {} +
  fi
  echo "$out/seeds/$form"
}

fuzz() {
  local entry=$1 seeds=("tests/fuzz/corpus/$1") vectors
  vectors=$(vector_seeds "$entry")
  [ -z "$vectors" ] || seeds+=("$vectors")
  mkdir -p "$out/corpus/$entry" $out/findings
  echo "==> $entry, $seconds s"
  nice -n 10 "$out/bin/fuzz_$entry" "$out/corpus/$entry" "${seeds[@]}" -max_total_time="$seconds" -timeout=10 \
    -rss_limit_mb=3072 -artifact_prefix="$out/findings/$entry-" -use_value_profile=1 >"$out/findings/$entry.log" 2>&1 &&
    grep -E '^Done' "$out/findings/$entry.log" || { tail -n 40 "$out/findings/$entry.log"; return 1; }
}

./dev build -p fuzz "${targets[@]/#/fuzz_}"
unpack_vectors
failed=()
for target in "${targets[@]}"; do fuzz "$target" || failed+=("$target"); done
[ ${#failed[@]} -eq 0 ] || { echo "broken: ${failed[*]}; inputs are in $out/findings" >&2; exit 1; }
