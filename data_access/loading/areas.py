"""Storing hot spots: ids stay with their codes, so that crimes, plans and visits keep pointing at the right place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, delete, func, select, update

from data_access import ping_store, placement
from data_access import schema as s
from data_access.loading import store
from data_access.loading.reading import Context, Parsed
from data_access.loading.result import LoadRefused
from data_access.loading.store import Progress
from data_access.loading.writing import Outcome, note_shared, note_withdrawn, recompute_visits
from domain import formats
from domain.formats import joined


def write_areas(conn: Connection, programme_id: int, context: Context, parsed: Parsed) -> Outcome:
    """A programme has one set of hot spots: a newer file replaces it whatever its source."""
    frame = parsed.good()
    frame = frame.assign(position=range(1, len(frame) + 1))
    held = {row.code: row for row in conn.execute(select(s.area).where(s.area.c.programme_id == programme_id))}
    gone = [code for code in held if code not in set(frame["code"])]
    _refuse_if_in_use(conn, programme_id, context.file.name, {held[code].id: code for code in gone})
    older = [load["id"] for load in store.current_loads(conn, programme_id, "hot-spots")]
    difference = _difference(older, held, frame, gone) if older else None

    def put(conn: Connection, load_id: int, _progress: Progress | None) -> None:
        _remove(conn, [held[code].id for code in gone])
        known = frame["code"].isin(held)
        for row in frame[known].to_dict("records"):
            conn.execute(
                update(s.area).where(s.area.c.id == held[row["code"]].id).values(load_id=load_id, **_values(row))
            )
        store.insert_frame(conn, s.area, frame[~known], programme_id=programme_id, load_id=load_id)

    def settle(conn: Connection, load_id: int) -> None:
        note_shared(parsed, placement.replace_crimes(conn, programme_id))
        actor = conn.execute(select(s.load.c.loaded_by).where(s.load.c.id == load_id)).scalar_one()
        done = recompute_visits(conn, programme_id, actor=actor, because=f"hot spots loaded from {context.file.name}")
        note_kept(parsed, done.kept)
        note_withdrawn(parsed, done)

    return Outcome(put, settle, older, difference)


def note_kept(parsed: Parsed, kept: Sequence[tuple[str, date]]) -> None:
    """Say which days keep the visits that other boundaries gave."""
    for provider in sorted({provider for provider, _ in kept}):
        days = sorted(day for p, day in kept if p == provider)
        parsed.notes.append(
            f"The pings of {provider} on {len(days):,} {'day' if len(days) == 1 else 'days'} from {formats.day(days[0])} "
            f"to {formats.day(days[-1])} have expired: the visits of those days stay as the boundaries before gave them."
        )


def _values(row: dict[str, Any]) -> dict[str, Any]:
    names = ("name", "position", "hot_spot_type", "geometry", "area_m2", "active_from", "active_to")
    values = {name: row[name] for name in names}
    for name in ("active_from", "active_to"):
        values[name] = values[name].date() if values[name] == values[name] and values[name] is not None else None
    values["hot_spot_type"] = values["hot_spot_type"] if isinstance(values["hot_spot_type"], str) else None
    return values


def _refuse_if_in_use(conn: Connection, programme_id: int, file_name: str, gone: dict[int, str]) -> None:
    """Plan and engagement rows came from files of their own: their hot spots must not vanish under them."""
    used: dict[str, list[str]] = {}
    for table, word in ((s.plan, "plan row"), (s.engagement, "engagement row")):
        counts = conn.execute(
            select(table.c.area_id, func.count()).where(table.c.area_id.in_(list(gone))).group_by(table.c.area_id)
        )
        for area_id, count in counts:
            used.setdefault(gone[area_id], []).append(f"{count:,} {word}{'s' if count > 1 else ''}")
    for area_id, count in _visits_for_good(conn, programme_id, list(gone)).items():
        visits = f"{count:,} visit{'s' if count > 1 else ''}"
        used.setdefault(gone[area_id], []).append(f"{visits} on days whose positions have expired")
    if used:
        listed = "; ".join(f"{code} ({joined(words)})" for code, words in sorted(used.items()))
        raise LoadRefused(
            f"{file_name} leaves out hot spots that other loads refer to: {listed}. Keep them in the file "
            "(with active_to where they have ended), or load a plan and engagements without them first."
        )


def _visits_for_good(conn: Connection, programme_id: int, area_ids: list[int]) -> Counter[int]:
    """Visits by hot spot that nothing could work out again."""
    expired = ping_store.expired_days(conn, programme_id)
    v = s.visit.c
    rows = conn.execute(select(v.area_id, v.provider, v.local_date).where(v.area_id.in_(area_ids))) if expired else ()
    return Counter(row.area_id for row in rows if (row.provider, row.local_date) in expired)


def _remove(conn: Connection, ids: list[int]) -> None:
    if not ids:
        return
    for table in (s.visit, s.dose_day):
        conn.execute(delete(table).where(table.c.area_id.in_(ids)))
    conn.execute(update(s.crime).where(s.crime.c.area_id.in_(ids)).values(area_id=None, placement=placement.OUTSIDE))
    conn.execute(delete(s.area).where(s.area.c.id.in_(ids)))


def _difference(older: list[int], held: dict[str, Any], frame: Any, gone: list[str]) -> dict[str, Any]:
    new = {row["code"]: row for row in frame.to_dict("records")}
    changed = [
        code
        for code, row in new.items()
        if code in held and (held[code].geometry != row["geometry"] or held[code].name != row["name"])
    ]
    return {
        "replaced_loads": older,
        "rows_before": len(held),
        "rows_after": len(new),
        "added": [code for code in new if code not in held],
        "removed": gone,
        "changed": changed,
    }
