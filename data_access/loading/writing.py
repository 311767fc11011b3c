"""What storing a parsed file means, kind by kind: first what it would change, then the change itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

import pandas as pd
from sqlalchemy import Connection, RowMapping

from data_access import placement, scoring
from data_access import schema as s
from data_access.loading import coverage, store
from data_access.loading.coverage import SUBJECTS, Subject
from data_access.loading.reading import Context, Parsed
from data_access.loading.store import Progress
from data_access.loading.table import rows_word
from domain import formats
from domain.periods import Period, month_end, parse_month

if TYPE_CHECKING:
    from data_access.dosage import Recomputed

STRAY_SHARE = 0.05
JOINED = " + "  # between the names where one file holds several forces or providers


def _nothing(_conn: Connection, _load_id: int) -> None:
    return None


@dataclass
class Outcome:
    """``store`` runs once the load's own row exists; ``settle`` after the older loads are superseded."""

    store: Callable[[Connection, int, Progress | None], None]
    settle: Callable[[Connection, int], None] = _nothing
    replaced: list[int] = field(default_factory=list)
    difference: dict[str, Any] | None = None


Writer = Callable[[Connection, int, Context, Parsed], Outcome]


def write_rows(kind: str) -> Writer:
    """Rows of a period: replace the loads this file covers, count as duplicates what others hold already."""
    subject = SUBJECTS[kind]

    def prepare(conn: Connection, programme_id: int, context: Context, parsed: Parsed) -> Outcome:
        parsed.period = period_of(parsed, subject)
        loads, before = _compare(conn, programme_id, kind, subject, context, parsed)
        replaced = [load["id"] for load in loads]
        difference = difference_of(replaced, before, parsed.good(), subject) if replaced else None

        def insert(conn: Connection, load_id: int, progress: Progress | None) -> None:
            store.delete_rows(conn, subject.table, replaced)
            frame = parsed.good()
            if subject.table is s.crime:
                frame = _placed(conn, programme_id, parsed, frame)
            store.insert_frame(
                conn, subject.table, frame, progress=progress, programme_id=programme_id, load_id=load_id
            )

        def settle(conn: Connection, load_id: int) -> None:
            if subject.table is s.crime:
                _score(conn, programme_id, load_id, parsed)

        return Outcome(insert, settle, replaced, difference)

    return prepare


def _compare(
    conn: Connection, programme_id: int, kind: str, subject: Subject, context: Context, parsed: Parsed
) -> tuple[list[RowMapping], list[pd.DataFrame]]:
    """The loads this file replaces, and their rows; marks what other current loads hold as duplicates."""
    first, last = parsed.period or (date.min, date.max)
    around = (first.replace(day=1), month_end(last.replace(day=1)))
    replaced, before = [], []
    for load in store.current_loads(conn, programme_id, kind, period=around):
        theirs, ours = set(load["source"].split(JOINED)), set(parsed.source.split(JOINED))
        if not theirs & ours:
            continue
        held = coverage.held_rows(conn, subject, load["id"])
        if theirs <= ours and replaces(parsed, load, held, subject, context.options.replace):
            replaced.append(load)
            before.append(held)
        elif coverage.overlaps(parsed.good(), held, subject):
            found = coverage.already_held(parsed.good(), held, subject)
            mark_held(parsed, found, load["file_name"], True)
    return replaced, before


def replaces(parsed: Parsed, load: RowMapping, held: pd.DataFrame, subject: Subject, asked: bool) -> bool:
    """Whether the file takes the place of a load that holds ``held``."""
    if held.empty or parsed.period is None:
        return held.empty
    new = parsed.good()
    if asked:
        old_months = set(Period(load["period_from"], load["period_to"]).months())
        return coverage.has_parties(new, held, subject) and old_months <= set(Period(*parsed.period).months())
    if subject.when == "local_date":  # rows before a load's period are strays: they decide nothing
        new = new[new["local_date"] >= pd.Timestamp(parsed.period[0])]
        held = held[pd.to_datetime(held["local_date"]) >= pd.Timestamp(load["period_from"])]
    return coverage.covers(new, held, subject)


def mark_held(parsed: Parsed, held: pd.Series, file_name: str, same_source: bool) -> None:
    """Rows that another current load holds already are duplicates, and a note says so."""
    mask = pd.Series(False, index=parsed.rows.frame.index)
    mask[held.index] = held
    count = parsed.rows.duplicate(mask)
    if not count and not same_source:
        return
    parsed.notes.append(
        f"The file shares part of its period with {file_name}, which stays: {rows_word(count)} it holds already "
        "counted as duplicates. If this file is meant to replace it, load with --replace."
    )


def period_of(parsed: Parsed, subject: Subject) -> tuple[date, date] | None:
    """First and last day. A few rows over a year before all others (crimes reported long after) do not stretch it."""
    frame = parsed.good()
    if frame.empty:
        return None
    if subject.when == "month":
        return parse_month(frame["month"].min()), month_end(parse_month(frame["month"].max()))
    day = frame["local_date"].sort_values(ignore_index=True)
    after_gap = day[(day.diff() > pd.Timedelta(days=366)) & (day.index <= len(day) * STRAY_SHARE)]
    start = after_gap.iloc[-1] if len(after_gap) else day.iloc[0]
    parsed.rows.remark(
        parsed.frame["local_date"] < start,
        f"Dated more than a year before the rest, kept, but outside the period, which starts {formats.day(start)} ({{rows}}).",
    )
    return start.date(), day.iloc[-1].date()


def difference_of(
    replaced: list[int], before: list[pd.DataFrame], after: pd.DataFrame, subject: Subject
) -> dict[str, Any]:
    """Rows before and after, in all and by month, over the loads that were replaced."""
    old = pd.concat(before, ignore_index=True)
    old_months, new_months = _month_counts(old, subject), _month_counts(after, subject)
    months = sorted(set(old_months) | set(new_months))
    return {
        "replaced_loads": replaced,
        "rows_before": len(old),
        "rows_after": len(after),
        "by_month": {m: [old_months.get(m, 0), new_months.get(m, 0)] for m in months},
    }


def _month_counts(frame: pd.DataFrame, subject: Subject) -> dict[str, int]:
    if frame.empty:
        return {}
    month = frame["month"] if subject.when == "month" else pd.to_datetime(frame["local_date"]).dt.strftime("%Y-%m")
    return {str(k): int(n) for k, n in month.value_counts().items()}


def _placed(conn: Connection, programme_id: int, parsed: Parsed, frame: pd.DataFrame) -> pd.DataFrame:
    areas = placement.areas_of(conn, programme_id)
    placed, shared = placement.place_frame(frame, areas)
    counts = placed["placement"].value_counts()
    said = ", ".join(
        f"{int(counts.get(word, 0)):,} {word}"
        for word in (placement.INSIDE, placement.OUTSIDE, placement.NO_COORDINATES)
    )
    parsed.notes.append(
        f"Placed by point in polygon: {said}."
        if areas
        else "No hot spots are loaded yet; the rows are placed when they are."
    )
    note_shared(parsed, shared)
    return placed


def note_shared(parsed: Parsed, shared: int) -> None:
    if shared:
        parsed.notes.append(f"Points in more than one boundary count in the first of them ({rows_word(shared)}).")


def _score(conn: Connection, programme_id: int, load_id: int, parsed: Parsed) -> None:
    unscored = scoring.score_crimes(conn, programme_id, load_id)
    if unscored and scoring.current_weight_set(conn, programme_id) is not None:
        parsed.notes.append(f"Crimes without a weight in the harm index are not scored ({rows_word(unscored)}).")


def recompute_visits(
    conn: Connection, programme_id: int, period: Period | None = None, providers: list[str] | None = None, **said: str
) -> Recomputed:
    """``data_access.dosage.recompute_visits``, imported when needed: only these loads need the larger machine."""
    from data_access.dosage import recompute_visits as recompute

    return recompute(conn, programme_id, period, providers, **said)


def note_withdrawn(parsed: Parsed, done: Recomputed) -> None:
    """Say which months somebody has to look at again."""
    for month in done.withdrawn:
        parsed.notes.append(f"Minutes of {formats.month(month)} changed, so its confirmation is withdrawn.")
