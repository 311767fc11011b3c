"""A version of a return as one ``ReturnContents``: page preview, PDF and data files are all written from it."""

from __future__ import annotations

from datetime import datetime

from data_access import trends
from data_access.costs import finance
from data_access.patrols import months_tracked
from data_access.programmes import data_as_at, filter_defaults, get_programme
from data_access.remembered import one_look
from data_access.returns import versions
from data_access.returns.versions import Version
from domain import formats
from domain.formats import SYMBOL_NOTES
from domain.periods import month_of, parse_month
from domain.programme import Programme
from domain.return_template import templates
from domain.scope import Scope
from reports.corrections import with_corrections
from reports.data_files.document import restore
from reports.freshness import borrowed_weights, provisional, reach
from reports.model import ReturnContents, Section
from reports.sections import activity, cover, delivery, money, outcomes, quality, words
from reports.sections import hot_spots as places
from reports.source import Source, whole_document
from reports.standing import narrative_words, with_standing
from reports.summary import five_numbers, five_sentences
from settings import load_settings

EPOCH = datetime(2000, 1, 1)  # only where nothing at all was ever loaded


class MonthNotHeld(LookupError):
    """No data for the month; the message says which months there are and what to do."""


def build_contents(scope: Scope, programme_code: str, month: str) -> ReturnContents:
    """The newest version of the return of ``month`` (YYYY-MM): as the data are for a draft, as frozen once checked.

    Only months that ``returnable_months`` offers: page, download and command open the same ones.

    Raises ValueError (not a month), MonthNotHeld, OutOfScope, UnknownProgramme; each message is for the reader.
    """
    return contents_of(scope, programme_code, versions.latest(scope, programme_code, month))


def contents_of(scope: Scope, programme_code: str, version: Version) -> ReturnContents:
    """One version's contents with its standing; what was frozen is never worked out again."""
    return dressed(scope, programme_code, version, bare_contents(scope, programme_code, version))


def bare_contents(scope: Scope, programme_code: str, version: Version) -> ReturnContents:
    """What the analyst signs and the register freezes: figures and words, without standing or marks of a correction."""
    held = versions.frozen(scope, programme_code, version) if version.id else None
    if held:
        return restore(*held)
    with one_look():
        return _from_data(whole_document(scope), programme_code, version)


def dressed(scope: Scope, programme_code: str, version: Version, bare: ReturnContents) -> ReturnContents:
    """The contents as they are printed: with the marks of a correction, the version's standing and its signatures."""
    contents = bare
    if version.corrects is not None:
        earlier = versions.get(scope, programme_code, version.month, version.corrects)
        before = bare_contents(scope, programme_code, earlier)
        contents = with_corrections(bare, before, version.correction_reason)
    return with_standing(contents, version, version.template(get_programme(scope, programme_code)))


def _from_data(scope: Scope, programme_code: str, version: Version) -> ReturnContents:
    scope.require_programme(programme_code)
    month = version.month
    parse_month(month)
    _check_returnable(scope, programme_code, month)
    programme = get_programme(scope, programme_code)
    template = templates()[programme.return_template]
    s = Source(
        scope, programme, filter_defaults(scope, programme_code), data_as_at(scope, programme_code), month, version,
        template,
    )  # fmt: skip
    p = s.programme
    return ReturnContents(
        programme_code=p.code,
        programme_name=p.name,
        title=f"{template.title}: {p.name}, {s.period.start:%B %Y}",
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
        status="",
        data_as_at=reach(s.as_at),
        narrative=narrative_words(version),
        data_sha256=s.as_at.data_sha256,
        made_at=max(t for t in (EPOCH, s.as_at.last_load, version.updated_at) if t is not None),
        accent_colour=load_settings().accent_colour,
        source_note=_source_note(p),
        summary=five_sentences(s),
        headlines=five_numbers(s),
        sections=_sections(s),
        definitions=tuple((f"{f.section} {f.label}", f.definition) for f in template.fields),
        symbols=tuple((symbol, meaning) for symbol, meaning in SYMBOL_NOTES.items()),
        notes=_notes(s),
        due=s.due,
        template=template.words,
    )  # fmt: skip


def months_held(scope: Scope, code: str) -> list[str]:
    """Months a return can be built for: those with recorded crime or with patrols, oldest first."""
    live = get_programme(scope, code).service_live_from
    patrolled = {m for m in months_tracked(scope, code) if live and m >= month_of(live)}
    return sorted({*trends.months_loaded(scope, code), *patrolled})


def returnable_months(scope: Scope, code: str) -> list[str]:
    """Months held since the service went live; none where no return is due at all (``why_no_returns``)."""
    live = get_programme(scope, code).service_live_from
    if live is None or why_no_returns(scope, code):
        return []
    return [month for month in months_held(scope, code) if month >= month_of(live)]


def why_no_returns(scope: Scope, code: str) -> str:
    """What the programme lacks for a return to be due; "" where it lacks nothing."""
    p = get_programme(scope, code)
    lacking = [
        *(["a fund ([fund] name)"] if not p.fund else []),
        *(["the date its service went live ([service] live_from)"] if p.service_live_from is None else []),
    ]
    if not lacking:
        return ""
    return (
        f"No return is due for {p.name}: a return reports a service to the fund that pays for it, and the programme's "
        f"settings do not name {formats.joined(lacking)}. Add this to the programme file and load it again."
    )


def _check_returnable(scope: Scope, code: str, month: str) -> None:
    why = why_no_returns(scope, code)
    if why:
        raise MonthNotHeld(why)
    p, held = get_programme(scope, code), returnable_months(scope, code)
    if month in held:
        return
    if not held:
        raise MonthNotHeld(
            f"{p.name} has no data since its service went live, so no return can be built. Load its crimes and tracker "
            "files first."
        )
    if p.service_live_from and month < month_of(p.service_live_from):
        raise MonthNotHeld(
            f"There is no return of {formats.month(month)} for {p.name}: the service went live on "
            f"{formats.day(p.service_live_from)}, and returns begin with that month. Choose a month from "
            f"{formats.month(held[0])} to {formats.month(held[-1])}."
        )
    raise MonthNotHeld(
        f"No data are held for {p.name} in {formats.month(month)}. A return can be built for months from "
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
    apart = {"A", "B"}  # sections that start a page; more of them leave pages half empty
    asked = {(f.section, f.key): at for at, f in enumerate(s.template.fields)}
    found = []
    for letter, title in s.template.sections:
        entries = [e for e in makers[letter]() if s.template.asks(e.field)]
        entries.sort(key=lambda e: asked[e.field.section, e.field.key])
        found.append(Section(letter, title, tuple(entries), letter in apart))
    return tuple(found)


def _source_note(p: Programme) -> str:
    demonstration = "Demonstration data. " if p.demonstration else ""
    return f"{demonstration}Source: {p.force or 'force'} and provider extracts loaded to the portal; figures are worked out by the portal from those files."


def _notes(s: Source) -> tuple[str, ...]:
    """What a reader must know before using the summary."""
    too_much = money.claimed_too_much(finance(s.scope, s.code, s.month))
    return (*provisional(s.as_at, s.period), *([too_much] if too_much else []), *borrowed_weights(s.as_at))
