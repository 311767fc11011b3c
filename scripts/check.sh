#!/usr/bin/env bash
# Everything CI runs, quickest first. All of it runs even when something fails, so that one run shows every
# problem; the exit code is that of the whole. PYTEST_FLAGS adds options for pytest, which comes last, on PYTEST_WORKERS
# processes (2), a file of tests to one of them, in the order of tests/conftest.py.
set -uo pipefail
cd "$(dirname "$0")/.."
bin=.venv/bin
failed=()

step() {
  local name="$1"
  shift
  printf '\n== %s\n' "$name"
  "$@" || failed+=("$name")
}

step "Format" "$bin/ruff" format --check --quiet .
step "Lint" "$bin/ruff" check .
step "Types of the pure packages" "$bin/mypy"
step "Import contracts" "$bin/lint-imports" --no-cache

printf '\n== Tests\n'
if [ "${#failed[@]}" -gt 0 ]; then
  printf 'These checks failed above, so this run fails whatever the tests say:'
  printf ' [%s]' "${failed[@]}"
  printf '\n'
fi
# shellcheck disable=SC2086
"$bin/pytest" --numprocesses "${PYTEST_WORKERS:-2}" --dist loadfile --no-loadscope-reorder ${PYTEST_FLAGS:-}
result=$?
if [ "${#failed[@]}" -gt 0 ] && [ "$result" -eq 0 ]; then result=1; fi
exit "$result"
