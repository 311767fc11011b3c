"""Sections D, E, G and J: counts made on patrol, trackers and records."""

from __future__ import annotations

from data_access import loads
from data_access.crimes import crime_placement
from data_access.engagements import engagement_table
from domain import formats
from domain.measures import BY_CODE
from domain.periods import is_provisional
from domain.roles import Permission
from reports.checks.looked import Looked
from reports.checks.printed import Place
from reports.checks.recount import Known, Recount, amount, over, share, written
from reports.restated import restated_table, restatements
from reports.sections.activity import ENFORCEMENT, ENGAGEMENT, PLANS

COUNTS, TRACKERS = "engagements.engagement_table", "patrols.tracker_quality"
FIELDS = {"D": ENFORCEMENT, "E": ENGAGEMENT, "G": {"pop_plans_open": PLANS}}
SUBMITTED_EARLIER = "Months submitted earlier"
TRACKER_HEAD = ("Devices", "Positions", "Tracked minutes", "Gap minutes", "Outside minutes", "Median interval (s)")


def sections_d_e_g(look: Looked) -> dict[Place, Known]:
    columns = [_counts(look, at) for at in range(3)]
    found: dict[Place, Known] = {}
    for letter, by_field in FIELDS.items():
        r = Recount(letter, look.names)
        for key, measures in by_field.items():
            for measure in measures:
                now, *others = (column.get(measure) for column in columns)
                held = measure in columns[0] and not (letter == "G" and now is None)
                r.fact(key, BY_CODE[measure].label, written(now), COUNTS, map(written, others) if held else [])
        if letter == "E":
            _positive(r, columns[0])
        found |= r.known
    return found


def _counts(look: Looked, at: int) -> dict[str, float | None]:
    frame = engagement_table(look.scope, look.over(look.periods[at]), ("measure",))
    return {m: amount(n) for m, n in zip(frame["measure"], frame["count"], strict=True)}


def _positive(r: Recount, counts: dict[str, float | None]) -> None:
    talks = [counts.get(m) for m in ("engagement_brief", "engagement_in_depth")]
    total = sum(n for n in talks if n is not None)
    part = over(counts.get("engagement_positive"), total)
    beside = [written(total)] if part is not None else []
    r.fact("engagements", "Engagements recorded as positive, share", share(part), COUNTS, beside)


def section_j(look: Looked) -> dict[Place, Known]:
    r, key = Recount("J", look.names), "gps_uptime"
    _trackers(r, look, key)
    placed = crime_placement(look.scope, look.code, look.period)
    if placed.total:
        beside = [share(over(placed.no_coordinates, placed.total), 1), written(placed.total)]
        r.fact(
            key, "Crime records without coordinates", written(placed.no_coordinates), "crimes.crime_placement", beside
        )
        since = look.as_at.provisional_from
        late = "month is provisional" if is_provisional(look.month, since) else "month is settled"
        r.fact(key, "Late records", late, "programmes.data_as_at", [])
    if look.scope.may(Permission.VIEW_DATA):
        held = loads.list_loads(look.scope, look.code)
        current = held[held["status"] == "current"]
        read, refused = current["rows_read"].sum(), current["rows_rejected"].sum()
        beside = [share(over(refused, read), 2), written(read)]
        r.fact(key, "Rows refused in loading", written(refused), "loads.list_loads", beside)
    _restated(r, look, key)
    warned = [f.sentence for f in loads.undersupplied_months(look.scope, look.code) if f.month in look.to_date.months()]
    for sentence in warned:
        _somewhere(r, look, key, "loads.undersupplied_months", sentence)
    if look.programme.data_note:
        _somewhere(r, look, key, "programmes.get_programme", look.programme.data_note)
    return r.known


def _somewhere(r: Recount, look: Looked, key: str, by: str, sentence: str) -> None:
    """A sentence that may stand anywhere among those of its field."""
    held = look.contents.entry(r.section, key).sentences
    r.sentence(key, held.index(sentence) + 1 if sentence in held else len(held) + 1, by, text=sentence)


def _restated(r: Recount, look: Looked, key: str) -> None:
    """Submitted months as the register has them and as the dashboards give them now."""
    found = restatements(look.scope, look.code, look.month)
    by = "reports.restated.restatements"
    if found.moved:
        table = restated_table(found.moved)
        r.table(key, table.caption, table.head[1:], table.rows, by)
    elif found.months:
        held = look.contents.entry(r.section, key).sentences
        at = next((n for n, s in enumerate(held, 1) if s.startswith(SUBMITTED_EARLIER)), len(held) + 1)
        r.sentence(key, at, by, [written(len(found.months))])


def _trackers(r: Recount, look: Looked, key: str) -> None:
    frame = look.trackers
    if frame.empty:
        return
    tracked, gaps, outside = (frame[c].sum() for c in ("tracked_minutes", "gap_minutes", "unallocated_minutes"))
    r.fact(key, "GPS uptime", share(over(tracked, tracked + gaps), 1), TRACKERS, [])
    r.fact(key, "Minutes outside every boundary", written(outside), TRACKERS, [share(over(outside, tracked))])
    columns = ("devices", "pings", "tracked_minutes", "gap_minutes", "unallocated_minutes", "median_interval_s")
    rows = [
        (look.programme.provider_name(x["provider"]), *(written(x[c]) for c in columns))
        for x in frame.to_dict("records")
    ]
    r.table(key, f"Trackers, {formats.month(look.month)}", TRACKER_HEAD, rows, TRACKERS)
