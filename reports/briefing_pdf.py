"""The briefing on one A4 page: the page's own frames and sentences through the return's PDF engine."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from io import BytesIO

import pandas as pd
import pikepdf

from components.columns import Column, symbol_note, text, written
from components.heat_picture import HeatPicture, breaks_of, classes, svg
from data_access.briefing_model import Briefing
from domain import formats
from domain.programme import Programme
from reports import briefing as words
from reports import briefing_short as shorts
from reports.model import DataTable
from reports.pdf import chart_address, fill_template, html_to_pdf, metadata
from settings import VERSION, load_settings

EPOCH = datetime(2000, 1, 1)  # only where nothing at all was ever loaded
MOST_SHORT = (10, 8, 6, 4)  # short visits listed on paper, as many as fit; the page lists all
SENSITIVE = "OFFICIAL-SENSITIVE"
HANDLING = "Operational: for the team, its supervisors and the programme"
_SHORT_HEADS = {
    "planned_at": "Planned", "came_at": "Came", "planned_minutes": "Dose (min)",
    "patrol_minutes": "Delivered (min)", "missing_minutes": "Missing (min)",
}  # fmt: skip
_LINE_HEADS = {
    "planned_visits": "Planned visits", "planned_minutes": "Planned (min)", "patrol_minutes": "Delivered (patrol-min)",
    "delivered_share": "Delivered, %", "person_minutes": "Person-min", "abstracted_minutes": "Abstracted (min)",
}  # fmt: skip
# The year stands in the title.
SHORT_COLUMNS = (text("day", "Day", lambda d: f"{d:%a} {d.day} {d:%b}"), *shorts.SHORT_COLUMNS[1:])


@dataclass(frozen=True)
class Sheet:
    """Everything on the paper, already in words."""

    title: str
    subtitle: str
    marking: str
    demonstration: bool
    lead: tuple[str, ...]
    lines: DataTable
    short_said: str
    short: DataTable | None
    short_left: str
    times_said: str
    times: tuple[tuple[str, str], ...]
    heat_said: str
    heat_unit: str
    maps: tuple[HeatPicture, ...]
    no_maps: str
    shades: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    small_print: tuple[str, ...]
    footer: str
    reach: str


def marking(b: Briefing) -> str:
    return marking_of(b.programme)


def marking_of(programme: Programme) -> str:
    """The programme's marking for briefings, never below its own, with how to handle it."""
    found = SENSITIVE if SENSITIVE in (programme.marking, programme.briefing_marking) else programme.marking
    handling = programme.handling or (HANDLING if found == SENSITIVE else "")
    return f"{found} – {handling}" if handling else found


def sheet(b: Briefing, most_short: int = MOST_SHORT[0]) -> Sheet:
    maps, missing = words.pictures(b)
    short, left = shorts.listed(b, most_short)
    lines = _table("Planned and delivered by hot spot", words.line_frame(b), words.LINE_COLUMNS, _LINE_HEADS)
    return Sheet(
        title=f"{b.team.name}, {formats.span(b.period)}",
        subtitle=f"Patrol briefing · {b.team.provider_name} · {b.programme.area_name or b.programme.name}",
        marking=marking(b),
        demonstration=b.programme.demonstration,
        lead=(words.delivered_sentence(b), words.dose_sentence(b)),
        lines=lines,
        short_said=shorts.short_sentence(b),
        short=_table("Short visits", shorts.short_frame(b, short), SHORT_COLUMNS, _SHORT_HEADS) if short else None,
        short_left=left,
        times_said=words.times_sentence(b),
        times=tuple((t.name, words.time_sentence(t, b)) for t in b.times),
        heat_said=words.heat_sentence(b),
        heat_unit=words.heat_unit(b),
        maps=tuple(maps),
        no_maps=_no_maps(missing),
        shades=tuple(classes(breaks_of(maps))) if maps else (),
        notes=b.notes,
        small_print=(words.DEFINITIONS, shorts.REASONS_NOTE, words.HEAT_NOTE),
        footer=words.source_line(b),
        reach=f"Data {b.as_at.data_sha256[:16]} · portal {VERSION}",
    )


def _no_maps(missing: list[tuple[str, str]]) -> str:
    """ "No map of A and B (fewer than 3 visits)." """
    by_why: dict[str, list[str]] = {}
    for name, why in missing:
        by_why.setdefault(why, []).append(name)
    return " ".join(f"No map of {formats.joined(names)}: {why}." for why, names in by_why.items())


def _table(caption: str, frame: pd.DataFrame, columns: words.Sequence[Column], heads: dict[str, str]) -> DataTable:
    """The page's table, cell for cell, with shorter heads."""
    cells = written(frame, columns)
    texts = tuple(i for i, c in enumerate(columns) if not c.numeric and i)
    head = tuple(heads.get(c.name, c.head) for c in columns)
    return DataTable(caption, head, tuple(tuple(row) for row in cells), texts, symbol_note(cells))


def build_pdf(b: Briefing) -> bytes:
    """PDF/UA-1 and PDF/A-3a in one file; PdfError when it cannot be made whole. Same briefing, same bytes.

    One page: fewer short visits are listed where that is what it takes. More hot spots than a page holds go on a second.
    """
    whole = b""
    for most in MOST_SHORT:
        made = _drawn(b, sheet(b, most))
        whole = whole or made
        if _pages(made) == 1:
            return made
    return whole


def _pages(pdf: bytes) -> int:
    with pikepdf.open(BytesIO(pdf)) as opened:
        return len(opened.pages)


def _drawn(b: Briefing, made: Sheet) -> bytes:
    breaks = breaks_of(made.maps)
    resources = {chart_address(m.key): (svg(m, breaks).encode(), "image/svg+xml") for m in made.maps}
    html = fill_template("briefing.html", s=made)
    about = metadata(
        f"Patrol briefing: {made.title}", b.programme.force or b.programme.name,
        f"{made.marking}. Data {b.as_at.data_sha256}.", b.as_at.last_load or EPOCH,
    )  # fmt: skip
    return html_to_pdf(html, resources, accent=load_settings().accent_colour, metadata=about, stylesheet="briefing.css")
