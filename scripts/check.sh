#!/usr/bin/env bash
# Everything CI runs, quickest first; stops at the first failure. PYTEST_FLAGS adds options for pytest.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=.venv/bin

step() { printf '\n== %s\n' "$*"; }

step "Format"
"$bin/ruff" format --check .
step "Lint"
"$bin/ruff" check .
step "Types of the pure packages"
"$bin/mypy"
step "Import contracts"
"$bin/lint-imports"
step "Tests"
# shellcheck disable=SC2086
exec "$bin/pytest" ${PYTEST_FLAGS:-}
