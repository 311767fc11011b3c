#!/usr/bin/env bash
# Prepare the database and serve with gunicorn, in the foreground. Settings: README, "Configure".
set -euo pipefail
cd "$(dirname "$0")/.."
export DEMO_ACCOUNTS="${DEMO_ACCOUNTS:-1}"
.venv/bin/flask --app app prepare
# The control socket would let any process of this user steer the server.
exec .venv/bin/gunicorn --config gunicorn.conf.py --no-control-socket app:server
