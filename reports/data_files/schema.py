"""The published shape of a return as JSON: ``return.schema.json`` beside this file (JSON Schema, draft 2020-12)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

# Raised when a key changes its meaning or goes; documents of other versions are refused by name.
SCHEMA_VERSION = 1
SCHEMA_NAME = "return.schema.json"
SCHEMA_FILE = Path(__file__).with_name(SCHEMA_NAME)
KIND = "monthly return"


def schema() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    return found
