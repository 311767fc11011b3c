#!/usr/bin/env bash
# Set up .venv, the pinned requirements and the system packages; does nothing that is already done.
# Usage: scripts/setup.sh run|test
set -euo pipefail
cd "$(dirname "$0")/.."
purpose="${1:-run}"

say() { printf '%s\n' "$*"; }
stop() { printf '\nSet-up stopped. %s\n' "$*" >&2; exit 1; }

# WeasyPrint loads these libraries when a return is built. Without libharfbuzz-subset0 the same return gives
# different bytes each time. The fonts are the ones the report's style sheet names.
run_packages=(libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fontconfig fonts-liberation fonts-dejavu-core)
# A real browser, and a Java for the PDF/UA validator; poppler-utils turns PDF pages into pictures and text;
# postgresql is the other database that the portal runs on, redis the other queue.
test_packages=(chromium default-jdk-headless libjaxb-java poppler-utils postgresql redis-server)

find_python() {
  local name
  for name in python3.11 python3.12 python3.13 python3; do
    if command -v "$name" >/dev/null 2>&1 &&
      "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
      command -v "$name"
      return
    fi
  done
  stop "Python 3.11 or newer is needed and was not found. On Debian 12: apt-get install python3 python3-venv"
}

missing_packages() {
  local package
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || printf '%s ' "$package"
  done
}

install_packages() {
  local missing
  if ! command -v dpkg-query >/dev/null 2>&1; then
    say "This is not a Debian system: make sure that these are installed under their names here: $*"
    return
  fi
  missing="$(missing_packages "$@")"
  missing="${missing% }"
  if [ -z "$missing" ]; then return; fi
  if [ "$(id -u)" -ne 0 ]; then
    stop "These system packages are missing. Install them, then run make again:
  sudo apt-get update && sudo apt-get install --no-install-recommends -y $missing"
  fi
  say "Installing system packages: $missing"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq </dev/null || say "The package lists could not be refreshed; trying with the ones at hand."
  # shellcheck disable=SC2086
  apt-get install --no-install-recommends -y -o Dpkg::Use-Pty=0 $missing </dev/null |
    grep --line-buffered -E '^(Get:|Setting up )' || true
  missing="$(missing_packages "$@")"
  if [ -n "$missing" ]; then
    stop "These packages could not be installed: $missing
  Try: apt-get update && apt-get install --no-install-recommends -y $missing"
  fi
}

make_venv() {
  if [ -x .venv/bin/python ] && .venv/bin/python -c '' 2>/dev/null; then return; fi
  local python
  python="$(find_python)"
  # Debian splits venv from Python; pip inside the new environment needs ensurepip.
  if ! "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then
    install_packages "$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')"
  fi
  say "Creating .venv with $("$python" --version)"
  rm -rf .venv
  "$python" -m venv .venv
}

# Install when the file, its constraints or the Python changed since the stamp was written.
install_requirements() {
  local file="$1" stamp wanted
  stamp=".venv/.installed-${file%.txt}"
  wanted="$(cat requirements.txt requirements-cluster.txt requirements-dev.txt constraints.txt | sha256sum | cut -d' ' -f1) $(.venv/bin/python --version)"
  if [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then return; fi
  say "Installing Python packages from $file (some minutes the first time)"
  # pip's own output is long: one line a package is progress enough. Errors and their reasons stay.
  set +e
  .venv/bin/python -m pip install --disable-pip-version-check --no-input --root-user-action=ignore \
    --progress-bar off -c constraints.txt -r "$file" </dev/null 2>&1 |
    grep --line-buffered -vE '^(Requirement already|Looking in|WARNING|  WARNING|  (Using cached|Downloading|Preparing|Getting|Installing build)|Processing|Using cached|\[notice\])' |
    cut -c1-160
  local result="${PIPESTATUS[0]}"
  set -e
  if [ "$result" -ne 0 ]; then
    stop "Python packages could not be installed (see above). Check the network or your package index, then run make again."
  fi
  printf '%s' "$wanted" >"$stamp"
}

# Plotly's bundle without maps and 3-D saves about 1 MB on a first visit. Optional: without npm, or without the
# network, Dash serves the full bundle instead. Both are the version that plotly.py writes figures for.
fetch_small_plotly() {
  local version target folder
  command -v npm >/dev/null 2>&1 || return 0
  version="$(.venv/bin/python -c 'from plotly.offline import get_plotlyjs_version as v; print(v())')"
  target="assets/vendor/plotly-cartesian-$version.min.js"
  if [ -e "$target" ] || [ -e "assets/vendor/.not-found-$version" ]; then return 0; fi
  say "Fetching plotly.js $version without maps and 3-D"
  mkdir -p assets/vendor
  rm -f assets/vendor/plotly-cartesian-*.min.js
  folder="$(mktemp -d)"
  if (cd "$folder" && timeout 120 npm pack --silent "plotly.js-cartesian-dist-min@$version" >/dev/null 2>&1 &&
    tar -xzf ./*.tgz package/plotly-cartesian.min.js); then
    mv "$folder/package/plotly-cartesian.min.js" "$target"
  else
    say "It could not be fetched; the full bundle is used."
    touch "assets/vendor/.not-found-$version"
  fi
  rm -rf "$folder"
}

make_venv
if [ "$purpose" = test ]; then
  install_packages "${run_packages[@]}" "${test_packages[@]}"
  install_requirements requirements-dev.txt
else
  install_packages "${run_packages[@]}"
  # What is installed for tests includes what serving needs.
  if [ -e .venv/.installed-requirements-dev ]; then
    install_requirements requirements-dev.txt
  else
    install_requirements requirements.txt
  fi
fi
fetch_small_plotly
