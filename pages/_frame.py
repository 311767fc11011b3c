"""How every data page works: filters from the URL, one callback, blocks from one frame each, states.

A page file declares its question, its permission and its blocks; this module does the rest, so that
no page can forget the guard, the sentence, the as-at date or the download.
(The leading underscore keeps Dash from taking this file for a page.)
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import dash
from dash import ClientsideFunction, Input, Output, State, clientside_callback, dcc, html

from access.requires import requires
from access.viewer import current_programme, current_scope
from analysis.evaluation.catalogue import methods
from components import states
from components.block import Block, render_block
from components.filter_bar import PeriodChoice, compare_options, filter_bar, filters_from_controls, period_choices
from components.shell import no_access
from components.view import View
from data_access import patrols, programmes, trends
from data_access.crimes import NoDayLevel
from data_access.reading import shown_period, whole_months
from domain import formats
from domain.filters import BEFORE_SERVICE, FilterDefaults, Filters
from domain.periods import Period, month_end, parse_month
from domain.roles import Permission
from domain.scope import OutOfScope, Scope

log = logging.getLogger(__name__)

Lead = Callable[[View], list[Any]]


@dataclass(frozen=True)
class Bounds:
    """The data that a page's figures are made of: its months bound the period, ``what`` names them to a reader."""

    months: Callable[[Scope, str], list[str]]
    what: str


RECORDED_CRIME = Bounds(trends.months_loaded, "recorded crime is")
PATROL_DATA = Bounds(patrols.months_loaded, "tracker positions and plans are")
# A file's address holds the period that its page has bounded already.
ANY_DATA = Bounds(
    lambda scope, code: sorted({*trends.months_loaded(scope, code), *patrols.months_loaded(scope, code)}), "figures are"
)


@dataclass(frozen=True)
class DataPage:
    """One page: ``slug`` names its elements, ``lead`` writes the answer before the blocks."""

    slug: str
    path: str
    name: str
    question: Callable[[View], str] | str
    permission: Permission
    blocks: Sequence[Block]
    lead: Lead | None = None
    tail: Lead | None = None
    all_months: bool = False  # the default period is everything loaded (trends), not the evaluation window
    compare: bool = True
    spots: bool = True
    nothing: Callable[[View], tuple[str, str] | None] | None = None  # why the programme has nothing for this page
    stage: Lead | None = None  # stands between the filters and the blocks and keeps its own callbacks
    stage_last: bool = False  # or after the blocks
    bounds: Bounds = RECORDED_CRIME


def choices_for(view: View, months: Sequence[str]) -> list[PeriodChoice]:
    windows = [
        (w.label or name, w.period)
        for name, w in (("during", view.programme.during), ("before", view.programme.before))
        if w
    ]
    return period_choices(windows, months)


class NoSuchHotSpot(LookupError):
    """The address names a hot spot that the programme does not have."""


def make_view(
    scope: Scope,
    query: Mapping[str, str],
    *,
    path_code: str = "",
    all_months: bool = False,
    bounds: Bounds = RECORDED_CRIME,
) -> View:
    """The view a query string asks for; raises OutOfScope when the programme is not the viewer's.

    ``all_months``: the page draws whole months, everything loaded unless a period is asked for.
    """
    code = current_programme(query)
    programme, defaults = programmes.get_programme(scope, code), programmes.filter_defaults(scope, code)
    months = bounds.months(scope, code)
    if months and all_months:
        defaults = replace(defaults, period=_span(months))
    filters = Filters.parse(_with_comparison(scope, query, defaults), defaults)
    filters = _clipped(filters, months, bounds)
    period, note = shown_period(scope, programme, filters.period)
    if all_months and not period.whole_months():
        period = whole_months(period)
        note = f"Whole months are drawn here: {formats.period(period)} instead of {formats.period(filters.period)}."
    if note:
        filters = filters.with_period(period).with_problem(note)
    if path_code:
        if path_code not in defaults.hot_spot_names:
            raise NoSuchHotSpot(f"{programme.name} has no hot spot with the code “{path_code}”.")
        filters = filters.with_hot_spots(path_code)
    return View(scope, programme, filters, defaults, programmes.data_as_at(scope, code), query, path_code)


def _span(months: Sequence[str]) -> Period:
    return Period(parse_month(months[0]), month_end(parse_month(months[-1])))


def _with_comparison(scope: Scope, query: Mapping[str, str], defaults: FilterDefaults) -> Mapping[str, str]:
    """Outside the operational roles places are released for the evaluation windows, so those are compared first."""
    if query.get("compare") or query.get("from") or query.get("to") or scope.may(Permission.SEE_SMALL_COUNTS):
        return query
    usable = defaults.before_window and defaults.period == defaults.during_window
    return {**query, "compare": BEFORE_SERVICE} if usable else query


def _clipped(filters: Filters, months: Sequence[str], bounds: Bounds) -> Filters:
    """The part of the period that is loaded: three loaded months against five would read as a fall."""
    if not months or filters.period.overlap_days(_span(months)) == 0:
        return filters
    span = _span(months)
    inside = Period(max(filters.period.start, span.start), min(filters.period.end, span.end))
    if inside == filters.period:
        return filters
    return filters.with_period(inside).with_problem(
        f"{bounds.what.capitalize()} loaded for {formats.period(span)}, so {formats.period(inside)} is shown."
    )


def visible(blocks: Sequence[Block], view: View) -> list[Block]:
    return [b for b in blocks if view.may(b.permission)]


def content(page: DataPage, view: View) -> list[Any]:
    """Problems in the link, the answer, then the blocks; one block's trouble does not take the page down."""
    body: list[Any] = [states.problems(view.filters.problems)]
    reason = (page.nothing(view) if page.nothing else None) or _not_loaded(view, page.bounds)
    if reason:
        return [*body, states.empty(*reason)]
    if page.lead:
        body.extend(safely(lambda: page.lead(view), page.slug))  # type: ignore[misc]
    body.extend(blocks_of(page.blocks, view))
    if page.tail:
        body.extend(safely(lambda: page.tail(view), page.slug))  # type: ignore[misc]
    return body


def blocks_of(blocks: Sequence[Block], view: View, foot: Callable[[Block], list[Any]] | None = None) -> list[Any]:
    """The blocks the viewer may see, each drawn or with its own problem; ``foot`` is what ends each."""
    titles = {key: method.title for key, method in methods().items()}
    body: list[Any] = []
    for block in visible(blocks, view):
        end = safely(lambda block=block: foot(block), block.id) if foot else []  # type: ignore[misc]
        drawn = safely(
            lambda block=block, end=end: [render_block(block, view, method_titles=titles, foot=end)], block.id
        )  # type: ignore[misc]
        body.extend(drawn)
    return body


def _not_loaded(view: View, bounds: Bounds) -> tuple[str, str] | None:
    """One message for the page when no month of the period is loaded, instead of one a block."""
    months = bounds.months(view.scope, view.programme.code)
    if not months or view.filters.period.overlap_days(_span(months)):
        return None
    asked, span = formats.period(view.filters.period), formats.period(_span(months))
    why = f"Nothing this page shows is loaded for {asked}; {bounds.what} loaded for {span}."
    return why, "Choose a period inside that."


def safely(build: Callable[[], list[Any]], what: str) -> list[Any]:
    try:
        return build()
    except NoDayLevel as reason:
        return [states.inset(html.P(str(reason)))]
    except OutOfScope as reason:
        return [states.inset(html.P(str(reason)))]
    except Exception:
        reference = secrets.token_hex(4)
        log.exception("Block %s failed (reference %s)", what, reference)
        return [
            states.error(
                "Part of this page could not be worked out.",
                "No figure is shown rather than a wrong one; the other parts of the page are not affected.",
                "Try another period; if it stays, report the problem with the reference below.",
                reference,
            )
        ]


def _no_such_hot_spot(reason: str) -> html.Div:
    link = html.A("See all hot spots", href="/hot-spots")
    return html.Div([html.H1("There is no such hot spot"), html.P(reason), html.P(link)])


def _question(page: DataPage, view: View) -> str:
    return page.question if isinstance(page.question, str) else page.question(view)


def _as_at(view: View) -> html.P:
    return html.P(f"Data as at: {view.data_as_at()}.", className="as-at")


def page_layout(page: DataPage, query: Mapping[str, Any], path_code: str = "") -> html.Div:
    clean = {k: str(v) for k, v in query.items() if v is not None}
    try:
        view = make_view(current_scope(), clean, path_code=path_code, all_months=page.all_months, bounds=page.bounds)
    except OutOfScope as reason:
        return no_access(str(reason))
    except NoSuchHotSpot as reason:
        return _no_such_hot_spot(str(reason))
    months = page.bounds.months(view.scope, view.programme.code)
    stage = safely(lambda: page.stage(view), page.slug) if page.stage else []  # type: ignore[misc]
    bar = filter_bar(
        page.slug,
        view.filters,
        view.defaults,
        choices_for(view, months),
        months,
        compare=page.compare,
        spots=page.spots and not path_code,
    )
    return html.Div(
        [
            html.H1(_question(page, view)),
            bar,
            _as_at(view),
            dcc.Store(id=f"{page.slug}-where", data={"programme": view.programme.code, "code": path_code}),
            dcc.Store(id=f"{page.slug}-query"),
            dcc.Store(id=f"{page.slug}-written"),
            dcc.Store(id=f"{page.slug}-address", data=view.filters.to_query()),
            *([] if page.stage_last else stage),
            states.loading(html.Div(content(page, view), id=f"{page.slug}-content"), f"{page.slug}-content"),
            *(stage if page.stage_last else []),
        ],
        className="page",
    )


def data_page(page: DataPage, path_template: str | None = None) -> dict[str, Any]:
    """Make the page's callback; returns what ``dash.register_page(__name__, **...)`` takes.

    Page files call ``dash.register_page`` themselves: Dash imports only files that hold that word.
    """

    @requires(page.permission)
    def layout(**query: Any) -> html.Div:
        # access.requires lets the path win over the query; the code is then checked against the programme.
        code = str(query.pop("hot_spot_code", "") or "") if path_template else ""
        return page_layout(page, query, code)

    slug = page.slug

    @dash.callback(
        Output(f"{slug}-content", "children"),
        Output(f"{slug}-months", "className"),
        Output(f"{slug}-query", "data"),
        Output(f"{slug}-compare", "options"),
        Output(f"{slug}-compare", "value"),
        Input(f"{slug}-spots", "value"),
        Input(f"{slug}-period", "value"),
        Input(f"{slug}-from", "value"),
        Input(f"{slug}-to", "value"),
        Input(f"{slug}-compare", "value"),
        State(f"{slug}-where", "data"),
        prevent_initial_call=True,
    )
    @requires(page.permission)
    def update(spots: str, period: str, start: str, end: str, compare: str, where: dict[str, str]) -> tuple[Any, ...]:
        query = filters_from_controls(str((where or {}).get("programme", "")), spots, period, start, end, compare)
        custom = "filter-part" if period == "custom" else "filter-part hidden"
        try:
            view = make_view(
                current_scope(),
                query,
                path_code=str((where or {}).get("code") or ""),
                all_months=page.all_months,
                bounds=page.bounds,
            )
        except (OutOfScope, NoSuchHotSpot) as reason:
            return [no_access(str(reason))], custom, "", dash.no_update, dash.no_update
        options = compare_options(view.filters, view.defaults)
        return content(page, view), custom, view.filters.to_query(), options, view.filters.compare

    # PLATFORM 14: replaceState keeps the focus where it is; dcc.Location would rebuild the page.
    clientside_callback(
        ClientsideFunction("portal", "writeQuery"),
        Output(f"{slug}-written", "data"),
        Input(f"{slug}-query", "data"),
        prevent_initial_call=True,
    )
    options = {"path_template": path_template} if path_template else {"path": page.path}
    return {"name": page.name, "title": page.name, "layout": layout, **options}
