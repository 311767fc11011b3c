"""The return as a JSON file, in reading order, of the shape that ``return.schema.json`` gives."""

from __future__ import annotations

import json

from reports.data_files.document import as_document
from reports.model import ReturnContents


def to_json(contents: ReturnContents) -> bytes:
    text = json.dumps(as_document(contents), ensure_ascii=False, allow_nan=False, indent=2)
    return f"{text}\n".encode()
