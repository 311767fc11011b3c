"""Methods and definitions: what every word and figure means, and how each method can mislead."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Any

import dash
import pandas as pd
from dash import html

from access.requires import requires
from access.viewer import current_programme, current_scope
from analysis.evaluation.calibration.common_analyses import COMMON_ANALYSES, DESIGN
from analysis.evaluation.calibration.table import quote
from analysis.evaluation.catalogue import Method, methods
from analysis.evaluation.claims import MARYLAND
from components.columns import text
from components.table import data_table
from data_access import programmes
from domain import formats
from domain.programme import Programme
from domain.roles import Permission
from domain.scope import OutOfScope
from pages import _counting_methods as counting
from pages import _glossary as words
from pages._error_rates import is_null, provenance_sentence, rates_table
from settings import load_settings


def _terms(pairs: Iterable[tuple[str, str]]) -> html.Dl:
    return html.Dl([part for term, meaning in pairs for part in (html.Dt(html.Strong(term)), html.Dd(meaning))])


def _section(title: str, *body: Any) -> html.Section:
    name = f"methods-{title.lower().replace(' ', '-')}"
    return html.Section([html.H2(title, id=name), *body], className="block", **{"aria-labelledby": name})


def _table(rows: list[tuple[str, ...]], heads: tuple[str, ...], caption: str) -> html.Div:
    frame = pd.DataFrame(rows, columns=list(heads))
    return data_table(frame, [text(head, head) for head in heads], caption)


def _rate(low: float, high: float) -> str:
    return formats.percent(low) if low == high else f"{formats.percent(low)} to {formats.percent(high)}"


def _estimators() -> html.Section:
    parts: list[Any] = [
        html.P("Each has a page with its formula, how it can mislead, its error rate, source and an example.")
    ]
    for question, its in groupby(methods().values(), key=lambda method: method.question):
        parts += [html.H3(question[:1].upper() + question[1:]), html.Ul([_method(method) for method in its])]
    return _section("How estimates are made", *parts)


def _method(method: Method) -> html.Li:
    alarms, coverage = quote(method.key)
    rates = [
        *([f"false alarms {formats.percent(alarms, 1)}"] if alarms is not None else []),
        *([f"intervals that hold the truth {formats.percent(coverage, 1)}"] if coverage is not None else []),
    ]
    if method.calibrated and not rates:
        rates = ["error rate not measured yet"]
    link = html.A(method.title, href=f"/methods/{method.key}", **{"data-in-page": "yes"})
    return html.Li([link, f" ({'; '.join([method.use.value, *rates])})"])


def _error_rates() -> html.Section:
    ours = rates_table("The portal's methods where nothing happened", is_null)
    common = [(row.analysis, _rate(row.low, row.high), row.why) for row in COMMON_ANALYSES]
    return _section(
        "How often methods signal when nothing happened",
        html.P(f"A 5% test should signal in 5 of 100 programmes without any effect. {provenance_sentence()}"),
        *([ours] if ours is not None else []),
        html.P(f"Analyses common in the field, for comparison ({DESIGN}; source: the project's method notes):"),
        _table(common, ("Analysis", "False alarms", "Why"), "Analyses common in the field"),
    )


def _claims() -> html.Section:
    levels = [(f"Level {level}", meaning) for level, meaning in MARYLAND.items()]
    return _section(
        "What a sentence may claim",
        html.P(
            "Sentences about change are written by the portal from the design: “recorded crime fell” for before and after, "
            "“lower on patrol days, after adjustment” for a comparison, and words of cause only when days were assigned at "
            "random. Levels follow the Maryland scientific methods scale."
        ),
        _terms(levels),
        html.P(
            "Every ratio compares during with before (or patrol days with other days), so below 1 means fewer. The smallest "
            "detectable ratio is exp(−2.80 × standard error): a true fall to that ratio would be found four times in five."
        ),
    )


def _here(programme: Programme, as_at: programmes.AsAt) -> html.Section:
    facts: list[tuple[str, str]] = [("Recorded crime and trackers", _dates(as_at))]
    if as_at.weight_edition:
        basis = f" {as_at.weight_basis}" if as_at.weight_basis else ""
        fallback = " These are fallback weights, for demonstration only." if as_at.weight_fallback else ""
        facts.append(("Harm weights", f"{as_at.weight_edition}.{basis}{fallback}"))
    else:
        facts.append(("Harm weights", "None loaded, so no harm is shown."))
    if programme.service_live_from:
        facts.append(("Service live from", formats.day(programme.service_live_from)))
    for name, window in (("Before", programme.before), ("During", programme.during)):
        if window:
            facts.append((f"Window: {name.lower()}", f"{formats.period(window.period)}. {window.label}".strip()))
    for provider in programme.providers:
        doses = [f"{d.minutes:g} minutes from {formats.day(d.start)}" for d in provider.planned_dose]
        facts.append((f"Planned dose, {provider.name}", formats.joined(doses) or "none set"))
    facts.append(("Provisional", f"The last {programme.provisional_weeks} weeks of recorded crime."))
    facts.append(
        ("How the places were chosen", programme.selection_method or "Not stated in the programme's settings.")
    )
    if programme.data_note:
        facts.append(("About these data", programme.data_note))
    return _section("This programme", _terms(facts))


def _dates(as_at: programmes.AsAt) -> str:
    parts = [
        f"{what} to {formats.day(last)}"
        for what, last in (("recorded crime", as_at.crimes_to), ("trackers", as_at.pings_to))
        if last
    ]
    return f"Data as at: {', '.join(parts) or 'no data loaded'}."


@requires(Permission.VIEW_METHODS)
def layout(programme: str = "") -> html.Div:
    """Readable by every role; what belongs to a programme only where the viewer has one."""
    here: list[Any] = []
    try:
        scope, code = current_scope(), current_programme({"programme": programme})
        here = [_here(programmes.get_programme(scope, code), programmes.data_as_at(scope, code))]
    except OutOfScope:
        here = []
    return html.Div(
        [
            html.H1("What do the words and figures mean?"),
            html.P("Methods and definitions, used the same way on every page, in every download and in the return."),
            *here,
            _section("Patrol words", _terms(words.DOSAGE)),
            _section("How minutes are counted", *counting.parts(load_settings().ping_retention_days)),
            _section("Crime and harm", _terms(words.CRIME)),
            _section("Symbols in tables", _terms(words.SYMBOLS)),
            _section(
                "Three ledgers",
                html.P("Three different questions about money. They are never added together."),
                _terms(words.LEDGERS),
            ),
            _estimators(),
            _claims(),
            _error_rates(),
        ],
        className="page",
    )


dash.register_page(__name__, path="/methods", name="Methods", title="Methods and definitions", layout=layout)
