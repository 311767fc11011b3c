"""Section J: trackers, records, what was refused in loading and what later loads changed."""

from __future__ import annotations

import pandas as pd

from data_access import loads
from data_access.crimes import crime_placement
from data_access.patrols import tracker_quality
from domain import formats
from domain.roles import Permission
from reports.model import DataTable, Entry, Fact
from reports.restated import restated_table, restatements
from reports.source import Source, known, to_number

KEY = "gps_uptime"


def section(s: Source) -> tuple[Entry, ...]:
    trackers = tracker_quality(s.scope, s.filters)
    facts = [*_trackers(s, trackers), *_records(s)]
    tables = [_tracker_table(s, trackers)] if len(trackers) else []
    sentences = []
    restated = restatements(s.scope, s.code, s.month)
    if restated.moved:
        tables.append(restated_table(restated.moved))
    elif restated.months:
        said = f"Months submitted earlier ({len(restated.months)}): recorded crime, harm and delivery are still as submitted."
        sentences.append(said)
    if s.scope.may(Permission.VIEW_DATA):
        held = loads.list_loads(s.scope, s.code)
        facts += _loads(s, held)
        tables += _revisions(s, held)
    sentences += [str(f.sentence) for f in loads.undersupplied_months(s.scope, s.code) if f.month in s.to_date.months()]
    if s.programme.data_note:
        sentences.append(s.programme.data_note)
    return (s.entry("J", KEY, facts=tuple(facts), tables=tuple(tables), sentences=tuple(sentences)),)


def _trackers(s: Source, frame: pd.DataFrame) -> list[Fact]:
    if frame.empty:
        return [s.missing("J", KEY, f"No tracker files are loaded for {formats.month(s.month)}.", "GPS uptime")]
    tracked, gaps = frame["tracked_minutes"].sum(), frame["gap_minutes"].sum()
    outside = frame["unallocated_minutes"].sum()
    return [
        Fact("GPS uptime", formats.percent(tracked / (tracked + gaps) if tracked + gaps else None, 1),
             "Tracked minutes over tracked minutes and gaps while on duty."),
        Fact("Minutes outside every boundary", formats.number(outside), f"{formats.percent(outside / tracked if tracked else None)} of tracked device-minutes: travel, or patrol elsewhere."),
    ]  # fmt: skip


def _tracker_table(s: Source, frame: pd.DataFrame) -> DataTable:
    rows = tuple(
        (
            s.name_of(str(r["provider"])), formats.number(r["devices"]), formats.number(r["pings"]),
            formats.number(r["tracked_minutes"]), formats.number(r["gap_minutes"]), formats.number(r["unallocated_minutes"]),
            formats.number(to_number(r["median_interval_s"])),
        )
        for r in frame.to_dict("records")
    )  # fmt: skip
    head = (
        "Provider",
        "Devices",
        "Positions",
        "Tracked minutes",
        "Gap minutes",
        "Outside minutes",
        "Median interval (s)",
    )
    return DataTable(f"Trackers, {formats.month(s.month)}", head, rows)


def _records(s: Source) -> list[Fact]:
    placed = crime_placement(s.scope, s.code, s.period)
    if not placed.total:
        return [
            s.missing(
                "J", KEY, f"No crimes are loaded for {formats.month(s.month)}.", "Crime records without coordinates"
            )
        ]
    share = formats.percent(placed.no_coordinates / placed.total, 1)
    late = (
        f"Records may still arrive for days from {formats.day(s.as_at.provisional_from)}."
        if s.as_at.provisional_from
        else "No provisional period is set."
    )
    provisional = s.as_at.provisional_from is not None and s.period.end >= s.as_at.provisional_from
    return [
        Fact("Crime records without coordinates", formats.number(placed.no_coordinates), f"{share} of {formats.number(placed.total)} records; counted in no hot spot."),
        Fact("Late records", "month is provisional" if provisional else "month is settled", late),
    ]  # fmt: skip


def _loads(s: Source, held: pd.DataFrame) -> list[Fact]:
    current = held[held["status"] == "current"]
    read, rejected = int(current["rows_read"].sum()), int(current["rows_rejected"].sum())
    share = formats.percent(rejected / read if read else None, 2)
    return [
        Fact(
            "Rows refused in loading",
            formats.number(rejected),
            f"{share} of {formats.number(read)} rows read in all current files; listed on the Data page.",
        )
    ]


def _revisions(s: Source, held: pd.DataFrame) -> list[DataTable]:
    """Files that replaced earlier ones whose period touches the year to date: what they changed."""
    rows = []
    for r in held.to_dict("records"):
        start, end = r["period_from"], r["period_to"]
        touches = not known(start) or not known(end) or (start <= s.to_date.end and end >= s.to_date.start)
        if r["difference"] and touches:
            rows.append((str(r["file_name"]), formats.day(r["loaded_at"]), _difference(r["difference"])))
    if not rows:
        return []
    return [
        DataTable(
            "Revisions: files that replaced earlier ones", ("File", "Loaded", "What changed"), tuple(rows), (1, 2)
        )
    ]


def _difference(value: object) -> str:
    """The stored difference in words, whatever its keys."""
    if not isinstance(value, dict):
        return str(value)
    return (
        "; ".join(f"{str(k).replace('_', ' ')}: {v}" for k, v in value.items() if not isinstance(v, dict | list))
        or "see the Data page"
    )
