"""Storing what has no period: harm weights (an edition at a time) and case studies (one by one)."""

from __future__ import annotations

from typing import Any

import pandas as pd
from sqlalchemy import Connection, insert, select, update

from data_access import schema as s
from data_access import scoring
from data_access.loading import store
from data_access.loading.reading import Context, Parsed
from data_access.loading.store import Progress
from data_access.loading.table import rows_word
from data_access.loading.writing import Outcome


def write_weights(conn: Connection, programme_id: int, _context: Context, parsed: Parsed) -> Outcome:
    """A newer file of the same index and edition replaces the older; other editions stay beside it."""
    older = [load["id"] for load in store.current_loads(conn, programme_id, "weights", source=parsed.source[:120])]
    difference = None
    if older:
        query = select(s.weight.c.key_kind, s.weight.c.key, s.weight.c.harm_days).where(s.weight.c.load_id.in_(older))
        before = {(kind, key): days for kind, key, days in conn.execute(query)}
        difference = _weight_difference(older, before, parsed.extra["weights"])

    def put(conn: Connection, load_id: int, _progress: Progress | None) -> None:
        store.delete_rows(conn, s.weight, older)
        store.delete_rows(conn, s.weight_set, older)
        meta = parsed.extra["set"]
        created = conn.execute(insert(s.weight_set).values(programme_id=programme_id, load_id=load_id, **meta))
        key = created.inserted_primary_key[0]
        conn.execute(
            insert(s.weight), [{"weight_set_id": key, "load_id": load_id, **w} for w in parsed.extra["weights"]]
        )

    def settle(conn: Connection, _load_id: int) -> None:
        unscored = scoring.score_crimes(conn, programme_id)
        if unscored:
            parsed.notes.append(
                f"Of the crimes held, {rows_word(unscored)} have no weight in this edition: not scored."
            )

    return Outcome(put, settle, older, difference)


def _weight_difference(older: list[int], before: dict[Any, float], weights: list[dict[str, Any]]) -> dict[str, Any]:
    after = {(w["key_kind"], w["key"]): w["harm_days"] for w in weights}
    return {
        "replaced_loads": older, "rows_before": len(before), "rows_after": len(after),
        "added": len(after.keys() - before.keys()), "removed": len(before.keys() - after.keys()),
        "changed": sum(before[key] != after[key] for key in before.keys() & after.keys()),
    }  # fmt: skip


def write_case_studies(conn: Connection, programme_id: int, _context: Context, parsed: Parsed) -> Outcome:
    """New references are added and drafts updated; what people approved or withdrew is never overwritten by a file."""
    c = s.case_study.c
    query = select(c.id, c.reference, c.text_sha256, c.status, c.author).where(c.programme_id == programme_id)
    held = {row.reference: row for row in conn.execute(query)}
    frame, rows = parsed.frame, parsed.rows
    same = [
        r in held and held[r].text_sha256 == h for r, h in zip(frame["reference"], frame["text_sha256"], strict=True)
    ]
    rows.duplicate(pd.Series(same, index=frame.index, dtype=bool))
    status = frame["reference"].map(lambda r: held[r].status if r in held else "draft")
    rows.reject(
        status != "draft", "reference",
        "A case study with this reference is " + status + " with other words; give the new text a reference of its own.",
    )  # fmt: skip

    redrafted = int(parsed.good()["reference"].isin(held).sum())
    if redrafted:
        parsed.notes.append(f"Drafts given new words, so their approvals start again ({rows_word(redrafted)}).")

    def put(conn: Connection, load_id: int, _progress: Progress | None) -> None:
        good = parsed.good()
        known = good["reference"].isin(held)
        for row in good[known].to_dict("records"):  # approvals are of the old words, so they go
            changed = {**row, "load_id": load_id, "approvals": []}
            conn.execute(update(s.case_study).where(c.id == held[row["reference"]].id).values(**changed))
        fresh = good[~known].assign(approvals=[[] for _ in range(int((~known).sum()))])
        store.insert_frame(conn, s.case_study, fresh, programme_id=programme_id, load_id=load_id, status="draft")

    return Outcome(put)
