#!/usr/bin/env bash
# Run benches; each writes its own section of docs/benchmarks.md. Usage: scripts/bench.sh NAME...
#
# SIZE=full measures 1e6 and 1e7 pings, 7 to 10,000 hot spots and memory at 1e8 pings (about an hour, 8 GB of temporary
# files, a quiet machine); otherwise a small run of a minute or two. BENCH_PINGS, BENCH_POLYGONS, BENCH_MEMORY_PINGS and
# BENCH_ROUNDS set each size on its own.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ "${SIZE:-small}" = full ]; then
  export BENCH_PINGS="${BENCH_PINGS:-1e6,1e7}" BENCH_POLYGONS="${BENCH_POLYGONS:-7,1000,10000}"
  export BENCH_MEMORY_PINGS="${BENCH_MEMORY_PINGS:-1e8}" BENCH_ROUNDS="${BENCH_ROUNDS:-5}"
fi
# A peer that does not install is left out of the tables, which say so.
while read -r package; do
  case "$package" in '#'* | '') continue ;; esac
  .venv/bin/python -m pip install --disable-pip-version-check --no-input --quiet --root-user-action=ignore \
    -c constraints.txt "$package" </dev/null >/dev/null 2>&1 || printf '%s does not install here.\n' "$package"
done <requirements-bench.txt
# As the portal is served (gunicorn.conf.py).
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1
failed=()
for name in "$@"; do
  printf '== %s\n' "$name"
  .venv/bin/python -m "benchmarks.$name" || failed+=("$name")
done
if [ "${#failed[@]}" -gt 0 ]; then
  printf 'These benches failed: %s\n' "${failed[*]}" >&2
  exit 1
fi
