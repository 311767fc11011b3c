"""Queries in, one frozen ``ReturnContents`` out: page preview and PDF are both written from it."""

from __future__ import annotations

from datetime import datetime

from components.table import SYMBOL_NOTES
from data_access import returns, trends
from data_access.patrols import patrol_table
from data_access.programmes import data_as_at, filter_defaults, get_programme
from domain import formats
from domain.filters import Filters
from domain.periods import Period, parse_month
from domain.programme import Programme
from domain.roles import Permission
from domain.scope import Scope
from reports.fields import field_list
from reports.model import ReturnContents, Section
from reports.sections import activity, cover, delivery, money, outcomes, quality, words
from reports.sections import hot_spots as places
from reports.source import Source
from reports.summary import five_numbers, five_sentences
from settings import load_settings

EPOCH = datetime(2000, 1, 1)  # only where nothing at all was ever loaded


class MonthNotHeld(LookupError):
    """No data for the month; the message says which months there are and what to do."""


def build_contents(scope: Scope, programme_code: str, month: str) -> ReturnContents:
    """Everything in the return of ``month`` (YYYY-MM).

    Raises ValueError (not a month), MonthNotHeld, OutOfScope, UnknownProgramme; each message is for the reader.
    """
    scope.require(Permission.VIEW_RETURNS)
    scope.require_programme(programme_code)
    parse_month(month)
    _check_held(scope, programme_code, month)
    fields = field_list()
    s = Source(
        scope, get_programme(scope, programme_code), filter_defaults(scope, programme_code),
        data_as_at(scope, programme_code), month, returns.get(scope, programme_code, month), fields,
    )  # fmt: skip
    p = s.programme
    return ReturnContents(
        programme_code=p.code,
        programme_name=p.name,
        title=f"Monthly return: {p.name}, {s.period.start:%B %Y}",
        period=f"{s.period.start:%B %Y}",
        force=p.force,
        recipient=p.recipient,
        fund=", ".join(part for part in (p.fund, p.grant_year) if part),
        contact=p.contact,
        marking=p.marking,
        handling=p.handling,
        demonstration=p.demonstration,
        month=month,
        return_id=cover.return_id(s),
        status=cover.status(s),
        data_as_at=cover.data_reach(s),
        data_sha256=s.as_at.data_sha256,
        made_at=max(t for t in (EPOCH, s.as_at.last_load, s.draft.updated_at) if t is not None),
        accent_colour=load_settings().accent_colour,
        source_note=_source_note(p),
        summary=five_sentences(s),
        headlines=five_numbers(s),
        sections=_sections(s),
        definitions=tuple((f"{f.section} {f.label}", f.definition) for f in fields.fields),
        symbols=tuple((symbol, meaning) for symbol, meaning in SYMBOL_NOTES.items()),
        notes=_notes(s),
        due=s.due,
    )  # fmt: skip


def months_held(scope: Scope, code: str) -> list[str]:
    """Months a return can be built for: those with recorded crime or with patrols, oldest first."""
    found = set(trends.months_loaded(scope, code))
    as_at, programme = data_as_at(scope, code), get_programme(scope, code)
    if as_at.pings_to and programme.service_live_from and programme.service_live_from <= as_at.pings_to:
        frame = patrol_table(scope, Filters(code, Period(programme.service_live_from, as_at.pings_to)), ("month",))
        found |= set(frame.loc[frame["patrol_minutes"].notna(), "month"])
    return sorted(found)


def _check_held(scope: Scope, code: str, month: str) -> None:
    held = months_held(scope, code)
    if month in held:
        return
    name = get_programme(scope, code).name
    if not held:
        raise MonthNotHeld(
            f"{name} has no data yet, so no return can be built. Load its crimes and tracker files first."
        )
    raise MonthNotHeld(
        f"No data are held for {name} in {formats.month(month)}. A return can be built for months from "
        f"{formats.month(held[0])} to {formats.month(held[-1])}; for another month load its files first."
    )


def _sections(s: Source) -> tuple[Section, ...]:
    counts = activity.Counts(s)
    makers = {
        "A": lambda: cover.cover(s), "B": lambda: places.section(s), "C": lambda: delivery.section(s),
        "D": lambda: activity.enforcement(s, counts), "E": lambda: activity.engagement(s, counts),
        "F": lambda: outcomes.section(s), "G": lambda: activity.problem_solving(s, counts), "H": lambda: money.section(s),
        "I": lambda: words.section(s), "J": lambda: quality.section(s), "K": lambda: cover.sign_off(s),
    }  # fmt: skip
    apart = {"A", "C", "F", "H", "I", "K"}  # sections that start a page
    return tuple(
        Section(letter, title, makers[letter](), letter in apart) for letter, title in s.fields.sections.items()
    )


def _source_note(p: Programme) -> str:
    demonstration = "Demonstration data. " if p.demonstration else ""
    return f"{demonstration}Source: {p.force or 'force'} and provider extracts loaded to the portal; figures are worked out by the portal from those files."


def _notes(s: Source) -> tuple[str, ...]:
    """What a reader must know before using the summary."""
    found = []
    if s.as_at.provisional_from and s.period.end >= s.as_at.provisional_from:
        found.append(
            f"Provisional: records may still arrive for days from {formats.day(s.as_at.provisional_from)}, so recent counts can rise."
        )
    if s.as_at.weight_fallback:
        found.append(f"Harm weights: {s.as_at.weight_basis}")
    return tuple(found)
