#!/usr/bin/env bash
# Load every street-level file of an archive folder from data.police.uk into one programme.
#
#   make open-data FOLDER=downloads/2024 PROGRAMME=OPEN-LEICESTER \
#                  SETTINGS=open-leicester.toml AREAS=wards.geojson FORCE=leicestershire
#
# FOLDER     the unpacked archive: files named like 2023-01-leicestershire-street.csv (or .csv.gz), at any depth
# PROGRAMME  code of the programme the crimes go into
# SETTINGS   optional: the programme's settings (TOML or JSON), loaded first; needed the first time
# AREAS      optional: its areas (GeoJSON), loaded second; needed the first time
# FORCE      optional: only this force's files; needed when the folder holds several forces
# Loading the same files again changes nothing. docs/extract-formats.md describes every file.
set -euo pipefail
cd "$(dirname "$0")/.."
portal() { .venv/bin/flask --app app "$@"; }

if [ -z "${FOLDER:-}" ] || [ -z "${PROGRAMME:-}" ]; then
  sed -n '2,12s/^# \{0,1\}//p' "$0"
  exit 2
fi
if [ -n "${SETTINGS:-}" ]; then portal load programme "$SETTINGS"; fi
if [ -n "${AREAS:-}" ]; then portal load hot-spots "$AREAS" --programme "$PROGRAMME"; fi
portal load-archive "$FOLDER" --programme "$PROGRAMME" ${FORCE:+--force "$FORCE"}
