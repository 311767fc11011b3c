"""What was loaded, what was rejected, and how good it is: what the Data page and the return's section J read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import pandas as pd
from sqlalchemy import func, select

from data_access import schema as s
from data_access.placement import INSIDE, NO_COORDINATES, OUTSIDE
from data_access.reading import CRIME_KINDS, Opened, opened
from data_access.remembered import remembered
from domain import formats
from domain.periods import add_months, month_of, month_period, parse_month
from domain.roles import Permission
from domain.scope import OutOfScope, Scope

ROUND_TO = 5

# A month is flagged when it is short of the months around it by more than these shares of their median ...
SHORT_INSIDE = 0.10
# ... more at the ends of the series, where only one side is known and the season does not cancel out ...
SHORT_AT_END = 0.20
# ... and by more than chance would do to a count of that size.
CHANCE_SD = 4.0


class Undersupplied(NamedTuple):
    month: str
    rows: int
    expected: float  # rows, from the months around it
    sentence: str


@dataclass(frozen=True)
class _Month:
    month: str
    rows: int
    expected: float
    both_sides: bool


@remembered
def list_loads(scope: Scope, code: str) -> pd.DataFrame:
    """Every load, newest first.

    [id, kind, source, file_name, sha256, period_from, period_to, rows_read, rows_loaded, rows_duplicate,
    rows_rejected, status, superseded_by, difference, notes, loaded_at, loaded_by]; times in UTC. difference and notes
    are empty outside the operational roles: their exact counts would undo the rounding of ``quality``.
    """
    with opened(scope, code, Permission.VIEW_DATA) as o:
        columns = [c for c in s.load.c if c.name != "programme_id"]
        held = o.frame(select(*columns).where(s.load.c.programme_id == o.programme_id).order_by(s.load.c.id.desc()))
    if not scope.may(Permission.SEE_SMALL_COUNTS):
        held[["difference", "notes"]] = None
    return held


def rejects(scope: Scope, code: str, load_id: int) -> pd.DataFrame:
    """Rejected rows of one load: [file_name, row_number, field, reason, raw]; LookupError when it is not of ``code``."""
    with opened(scope, code, Permission.SEE_REJECTS) as o:
        held = select(s.load.c.id).where(s.load.c.programme_id == o.programme_id)
        if load_id not in set(o.conn.execute(held).scalars()):  # any number may stand in the address
            raise LookupError(f"The programme {code} has no load number {load_id}.")
        r = s.reject.c
        return o.frame(
            select(s.load.c.file_name, r.row_number, r.field, r.reason, r.raw)
            .join(s.load, s.load.c.id == r.load_id)
            .where(r.load_id == load_id)
            .order_by(r.row_number, r.id)
        )


def reconciliation(scope: Scope, code: str) -> pd.DataFrame:
    """Totals over current loads: [kind, files, rows_read, rows_loaded, rows_duplicate, rows_rejected]."""
    c = s.load.c
    names = ("rows_read", "rows_loaded", "rows_duplicate", "rows_rejected")
    with opened(scope, code, Permission.VIEW_DATA) as o:
        return o.frame(
            select(c.kind, func.count().label("files"), *(func.sum(c[name]).label(name) for name in names))
            .where(c.programme_id == o.programme_id, c.status == "current")
            .group_by(c.kind)
            .order_by(c.kind)
        )


# --- quality ----------------------------------------------------------------------------------------------


def quality(scope: Scope, code: str) -> pd.DataFrame:
    """[measure, count, share, meaning]: share is a fraction of what the measure's meaning names, or missing.

    Outside the operational roles counts are rounded to 5 and shares made from the rounded counts, so that
    no difference between two rows tells a small count.
    """
    with opened(scope, code, Permission.VIEW_DATA) as o:
        placed = _placements(o)
        total = sum(placed.values())
        if total == 0:
            return pd.DataFrame(columns=["measure", "count", "share", "meaning"])
        crimes, unscored = _scoring(o)
        flagged = _suspects(o)
        kept, rejected = _crime_rows(o)
        rows: list[tuple[str, int, int | None, str]] = [
            ("Crimes and incidents held", total, None, "Rows of the current crime files."),
            ("With coordinates", total - placed.get(NO_COORDINATES, 0), total, "Geocoding rate: share of rows held."),
            ("Without coordinates", placed.get(NO_COORDINATES, 0), total, "Kept and counted, in no area: share of rows held."),
            ("Inside an area", placed.get(INSIDE, 0), total, "By point in polygon: share of rows held."),
            ("Outside every area", placed.get(OUTSIDE, 0), total, "Kept, in no area's figures: share of rows held."),
            _scored_row(o, crimes, unscored),
            ("Rejected rows", rejected, kept + rejected, "Rows of crime files that could not be used: share of rows read less duplicates."),
            ("Months that look under-supplied", len(flagged), None, "Flagged, not corrected: see the warnings."),
        ]  # fmt: skip
    exact = scope.may(Permission.SEE_SMALL_COUNTS)
    counts = [n if exact or base is None else _rounded(n) for _, n, base, _ in rows]
    bases = [base if exact or base is None else _rounded(base) for _, _, base, _ in rows]
    return pd.DataFrame({
        "measure": [r[0] for r in rows], "count": counts,
        "share": [n / base if base else None for n, base in zip(counts, bases, strict=True)],
        "meaning": [r[3] for r in rows],
    })  # fmt: skip


def _rounded(count: int) -> int:
    return ROUND_TO * round(count / ROUND_TO)


def _scored_row(o: Opened, crimes: int, unscored: int) -> tuple[str, int, int | None, str]:
    if o.weight_set_id is None:
        return "Crimes not scored for harm", unscored, crimes, "No harm weights are loaded: share of crimes."
    return (
        "Crimes not scored for harm",
        unscored,
        crimes,
        "No weight in the harm index, never counted as 0: share of crimes.",
    )


def _placements(o: Opened) -> dict[str, int]:
    c = s.crime.c
    query = select(c.placement, func.count()).where(c.programme_id == o.programme_id).group_by(c.placement)
    return {str(word): int(n) for word, n in o.conn.execute(query)}


def _scoring(o: Opened) -> tuple[int, int]:
    """Crimes (incidents of anti-social behaviour apart), and those without a weight."""
    c = s.crime.c
    query = select(func.count(), func.count(c.harm_days)).where(c.programme_id == o.programme_id, c.is_crime.is_(True))
    crimes, scored = o.conn.execute(query).one()
    return int(crimes), int(crimes) - int(scored)


def _crime_rows(o: Opened) -> tuple[int, int]:
    c = s.load.c
    query = select(func.sum(c.rows_loaded), func.sum(c.rows_rejected)).where(
        c.programme_id == o.programme_id, c.kind.in_(CRIME_KINDS), c.status == "current"
    )
    loaded, rejected = o.conn.execute(query).one()
    return int(loaded or 0), int(rejected or 0)


# --- months that look under-supplied ----------------------------------------------------------------------


@remembered
def undersupplied_months(scope: Scope, code: str) -> list[Undersupplied]:
    """Months whose extract looks short of rows, for a reader to be warned; nothing is corrected.

    Rule, for each source apart: rows a day of the month against the median rows a day of the two months before
    and the two after. Flagged when more than 10% below (more than 20% at either end of the series, where only one
    side is known) and more than four square roots of the expected count below, so that small counts are not
    flagged for chance. Two on each side, because a straight trend and a season's slope cancel; the median,
    because a short neighbour must not hide a short month; rows a day, because February is not short of anything.
    """
    if not (scope.may(Permission.VIEW_TRENDS) or scope.may(Permission.VIEW_DATA)):
        raise OutOfScope("Your account may see neither trends nor data quality.")
    with opened(scope, code) as o:
        found = _suspects(o)
    exact = scope.may(Permission.SEE_SMALL_COUNTS)
    return [Undersupplied(m.month, m.rows, m.expected, _sentence(source, m, exact)) for source, m in found]


def _sentence(source: str, m: _Month, exact: bool) -> str:
    whose = "the force's extract" if source in CRIME_KINDS else source  # no source was named
    short = formats.percent(1 - m.rows / m.expected)
    counts = (
        f" ({formats.number(m.rows)} rows, about {formats.number(round(m.expected, -1))} expected)" if exact else ""
    )
    return (
        f"{formats.month(m.month)} looks under-supplied for {whose}: {short} fewer rows than the months around it"
        f"{counts}. Nothing was corrected; read a fall in that month with caution."
    )


def _suspects(o: Opened) -> list[tuple[str, _Month]]:
    c = s.crime.c
    query = (
        select(s.load.c.source, c.month, func.count())
        .join(s.load, s.load.c.id == c.load_id)
        .where(c.programme_id == o.programme_id)
        .group_by(s.load.c.source, c.month)
    )
    series: dict[str, dict[str, int]] = {}
    for source, month, rows in o.conn.execute(query):
        series.setdefault(source, {})[month] = int(rows)
    return [(source, m) for source in sorted(series) for m in _compared(series[source]) if _is_short(m)]


def _compared(rows_by_month: dict[str, int]) -> Sequence[_Month]:
    """Each month with what the (up to four) months around it lead one to expect."""
    a_day: dict[str, float] = {m: n / month_period(m).days for m, n in rows_by_month.items()}
    found: list[_Month] = []
    for month in sorted(rows_by_month):
        sides: list[list[Any]] = []
        for steps in ((-2, -1), (1, 2)):
            around = [month_of(add_months(parse_month(month), step)) for step in steps]
            sides.append([a_day[m] for m in around if m in a_day])
        near = sides[0] + sides[1]
        if len(near) >= 2:
            expected = float(pd.Series(near).median()) * month_period(month).days
            found.append(_Month(month, rows_by_month[month], expected, bool(sides[0] and sides[1])))
    return found


def _is_short(m: _Month) -> bool:
    share = SHORT_INSIDE if m.both_sides else SHORT_AT_END
    return m.rows < (1 - share) * m.expected and m.rows < m.expected - CHANCE_SD * m.expected**0.5
