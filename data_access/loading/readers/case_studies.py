"""Case studies as drafts: releasing one takes two approvers in the portal, whatever a file says."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pandas as pd

from data_access.loading.readers.programme import read_document
from data_access.loading.reading import Context, Parsed
from data_access.loading.result import LoadRefused
from data_access.loading.table import Rows

LIMITS = {
    "reference": 40, "theme": 80, "title": 200, "situation": 10_000, "action": 10_000, "outcome": 10_000, "author": 120,
}  # fmt: skip
TEXTS = ("theme", "title", "situation", "action", "outcome")


def read(context: Context) -> Parsed:
    document = read_document(context.file)
    studies = document.get("case_studies")
    if not isinstance(studies, list) or not studies:
        raise LoadRefused(f"{context.file.name} needs a list case_studies with at least one entry.")
    entries = [study if isinstance(study, dict) else {} for study in studies]
    data = {
        name: [str(e[name]).strip() if isinstance(e.get(name), str | int) else "" for e in entries] for name in LIMITS
    }
    rows = Rows(
        pd.DataFrame(data, dtype=object), range(1, len(entries) + 1),
        lambda i: json.dumps(studies[i], ensure_ascii=False),
    )  # fmt: skip
    for name, limit in LIMITS.items():
        cells = rows.column(name)
        rows.reject(cells == "", name, f"The case study has no {name}.")
        rows.reject(cells.str.len() > limit, name, f"The {name} is longer than {limit:,} characters.")
    repeated = pd.Series(False, index=rows.frame.index)
    repeated[rows.good] = rows.frame[rows.good].duplicated("reference")
    rows.reject(repeated, "reference", "Another case study of the file has this reference.")
    if any("status" in e or "approvals" in e for e in entries):
        rows.notes.append("Status and approvals in the file are not read: every case study is loaded as a draft.")
    frame = rows.frame.copy()
    frame["text_sha256"] = [text_hash(row) for row in frame.to_dict("records")]
    return Parsed(rows, frame, context.options.source or "case-studies")


def text_hash(study: dict[str, Any]) -> str:
    """What an approval is bound to: every word a reader would see."""
    return hashlib.sha256(json.dumps([study[name] for name in TEXTS], ensure_ascii=False).encode()).hexdigest()
