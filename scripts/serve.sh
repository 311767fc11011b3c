#!/usr/bin/env bash
# Prepare the database, then serve with gunicorn and work off jobs beside it. Settings: README, "Configure".
set -euo pipefail
cd "$(dirname "$0")/.."
export DEMO_ACCOUNTS="${DEMO_ACCOUNTS:-1}"
.venv/bin/flask --app app prepare
.venv/bin/flask --app app worker &
worker=$!
# The control socket would let any process of this user steer the server.
.venv/bin/gunicorn --config gunicorn.conf.py --no-control-socket app:server &
server=$!
# Whichever ends, or whoever stops this script, ends both.
trap 'kill -TERM "$server" "$worker" 2>/dev/null || true; wait' EXIT
trap 'exit 130' INT TERM
wait -n "$server" "$worker"
