"""How a reviewer's page of the evaluation works: guard, links, choices, the claim, then blocks from one section.

A page file (``pages/evaluation/<name>.py``, not starting with ``_``) declares its question, its section and its blocks::

    PAGE = ReviewPage(
        slug="harm", path="/evaluation/harm", name="Harm", question="Did harm change, or only the number of crimes?",
        section="harm",                                     # key in analysis.evaluation.suite; "" where there is none
        lead=lambda view, section: claim.sentence(section),  # a str, a Claim, or a list of components
        blocks=(LEVERAGE, CAPS),
        choices=(Choice("cap", "Each crime counts at most", lambda view: [("", "no cap"), ("365", "365 days")]),),
    )
    dash.register_page(__name__, **review_page(PAGE))

and a block takes its frame from the same section, so that its chart, table and CSV follow the reader's choices::

    LEVERAGE = Block(
        id="harm-leverage", title="...", permission=Permission.INSPECT_EVALUATION,
        frame=table_of("harm", "leverage"),
        sentence=..., caption=..., columns=..., figure=...,
        why="...", misleads="...", methods=("harm-leverage",),
    )

``review_page`` registers the blocks (their CSVs then work), names the windows in their ``covers`` and adds the choices to
their addresses. A block whose frame is empty says why with ``if_empty=lambda view: (why, what to do)``, or ``why_none``; blocks for
every estimate of a section come from ``pages.evaluation._records``. ``planned_section(view, name)`` is the section
without the reader's choices: what ``Choice.options`` and pages about other sections must use.
A page with routes of its own offers ``register(server)``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from urllib.parse import urlencode

import dash
import dash_bootstrap_components as dbc
import pandas as pd
from dash import html
from flask import g, has_app_context

from access.forms import last_messages
from access.requires import requires
from access.viewer import current_scope
from analysis.evaluation.claims import Claim
from analysis.evaluation.record import Refusal
from analysis.evaluation.section import Section
from components import states
from components.block import Block, register_block
from components.forms import messages
from components.view import View
from data_access.evaluation import comments, sections
from data_access.evaluation.inputs import data_version
from data_access.evaluation.tried import tried_count
from domain import formats
from domain.roles import Permission
from domain.scope import OutOfScope
from pages._frame import blocks_of, make_view, no_access, safely
from pages.evaluation._comment_threads import SHORT, foot

# Path and label, in the order in which a reader meets them; a page that is not there is not linked.
NAVIGATION: tuple[tuple[str, str], ...] = (
    ("/evaluation/design-and-claim", "Design and claim"),
    ("/evaluation/before-and-after", "Before and after"),
    ("/evaluation/comparators", "Comparators"),
    ("/evaluation/patrol-days", "Patrol days"),
    ("/evaluation/dosage-response", "Dosage response"),
    ("/evaluation/harm", "Harm"),
    ("/evaluation/displacement", "Displacement"),
    ("/evaluation/monitoring", "Monitoring"),
    ("/evaluation/robustness", "Robustness"),
    ("/evaluation/delivery-and-data-quality", "Delivery and data quality"),
    ("/evaluation/cost-effectiveness", "Cost-effectiveness"),
    ("/evaluation/reproduce", "Reproduce"),
)
MANY = "|"  # between several chosen values in one address field

Lead = Callable[[View, Section], "str | Claim | Sequence[Any]"]


@dataclass(frozen=True)
class Choice:
    """Something a reader may set; ``options`` gives (value, words), for a single choice the registered one first.

    ``many``: tick boxes; nothing ticked is the registered analysis. The section gets the values joined by "|".
    """

    name: str
    label: str
    options: Callable[[View], Sequence[tuple[str, str]]]
    many: bool = False
    hint: str = ""

    def asked(self, view: View) -> str:
        """What the address asks for and the options offer; "" is the registered analysis."""
        offered = list(self.options(view))
        known = [value for value, _ in offered]
        if not self.many:
            value = view.query.get(self.name, "")
            return value if value in known[1:] else ""
        wanted = set(view.query.get(self.name, "").split(MANY))
        wanted |= {value for value in known if view.query.get(f"{self.name}.{value}")}
        return MANY.join(value for value in known if value and value in wanted)

    def refuses(self, view: View) -> bool:
        """Whether the address asks for a value that is not among the options."""
        values = view.query.get(self.name, "").split(MANY) if self.many else [view.query.get(self.name, "")]
        return bool(set(filter(None, values)) - {value for value, _ in self.options(view)})


@dataclass(frozen=True)
class ReviewPage:
    """One question to a reviewer; ``lead`` is the answer as a sentence, ``tail`` stands after the blocks."""

    slug: str
    path: str
    name: str
    question: str
    section: str
    lead: Lead
    blocks: Sequence[Block]
    choices: tuple[Choice, ...] = ()
    tail: Callable[[View], Sequence[Any]] | None = None
    permission: Permission = Permission.INSPECT_EVALUATION

    def chosen(self, view: View) -> dict[str, str]:
        found = {choice.name: choice.asked(view) for choice in self.choices}
        return {name: value for name, value in found.items() if value}


_PAGES: dict[str, ReviewPage] = {}  # by section


def section_of(view: View, name: str) -> Section:
    """The section as the reader's choices on its page have it; made once a request."""
    page = _PAGES.get(name)
    return _kept(view, name, page.chosen(view) if page else {})


def table_of(section: str, table: str, columns: Sequence[str] = ()) -> Callable[[View], pd.DataFrame]:
    """For ``Block.frame``: a table of the section; empty, with ``columns``, where the section made none."""
    return lambda view: section_of(view, section).tables.get(table, pd.DataFrame(columns=list(columns)))


def planned_section(view: View, name: str) -> Section:
    """The section of the registered analysis, whatever the reader chose."""
    return _kept(view, name, {})


def _kept(view: View, name: str, chosen: Mapping[str, str]) -> Section:
    # A page asks for its section several times a block, and each time the data's age would be looked up anew.
    kept: dict[Any, Section] = g.setdefault("evaluation_sections", {}) if has_app_context() else {}
    key = (view.scope.actor, view.programme.code, name, tuple(sorted(chosen.items())))
    if key not in kept:
        kept[key] = sections.section(view.scope, view.programme.code, name, **chosen)
    return kept[key]


def covers(view: View) -> str:
    """What tables and CSVs of the evaluation cover: the programme's own windows, never the filters."""
    before, during = view.programme.before, view.programme.during
    place = f"{view.defaults.area_name}, all {view.defaults.area_word}"
    if not (before and during):
        return f"{place}; no evaluation windows are set"
    return (
        f"{place}, before {formats.period(before.period)}, during {formats.period(during.period)} "
        "(the programme's own windows; other filters do not apply)"
    )


def _covers_with(page: ReviewPage, view: View) -> str:
    return "; ".join([covers(view), *_chosen_words(page, view)])


def _chosen_words(page: ReviewPage, view: View) -> list[str]:
    """ "each crime counts at most: 365 days", a choice each that is not the registered one."""
    said = []
    for choice in page.choices:
        values = choice.asked(view).split(MANY) if choice.many else [choice.asked(view)]
        words = [text for value, text in choice.options(view) if value and value in values]
        if words:
            said.append(f"{choice.label.lower()}: {formats.joined(words)}")
    return said


def review_page(page: ReviewPage) -> dict[str, Any]:
    """Register the blocks; returns what ``dash.register_page(__name__, **...)`` takes."""
    if page.section:
        _PAGES[page.section] = page
    asks = tuple(choice.name for choice in page.choices)
    blocks = [
        register_block(
            replace(b, covers=b.covers or partial(_covers_with, page), asks=tuple(dict.fromkeys((*b.asks, *asks))))
        )
        for b in page.blocks
    ]

    @requires(page.permission)
    def layout(**query: Any) -> html.Div:
        return _layout(page, blocks, {key: str(value) for key, value in query.items() if value is not None})

    return {"path": page.path, "name": page.name, "title": page.name, "layout": layout}


def _layout(page: ReviewPage, blocks: Sequence[Block], query: dict[str, str]) -> html.Div:
    try:
        # No filters: the windows are fixed in the settings, so nobody can shop for better ones.
        view = make_view(current_scope(), {"programme": query["programme"]} if query.get("programme") else {})
        view = replace(view, query=query)
        refused = ", ".join(choice.label.lower() for choice in page.choices if choice.refuses(view))
        view = replace(view, query={**query, **page.chosen(view)})
    except OutOfScope as reason:
        return no_access(str(reason))
    tail = safely(lambda: list(page.tail(view)), page.slug) if page.tail else []  # type: ignore[misc]
    version = data_version(view.scope, view.programme.code)
    said = comments.threads(view.scope, view.programme.code, page.path)
    back = f"{page.path}?{urlencode({'programme': view.programme.code, **page.chosen(view)})}"
    silent = _says_nothing(page, view)
    return html.Div(
        [
            sub_navigation(page.path, view),
            html.H1(page.question),
            *messages(last_messages()),
            *safely(lambda: _answer(page, view), page.slug),
            *([] if silent else choice_form(page, view, refused)),
            html.P(
                f"{_covers_with(page, view)}. Data as at: {view.data_as_at()}; data version {version[:SHORT]}.",
                className="as-at",
            ),
            html.Div(
                [_nothing_below(blocks)]
                if silent
                else [*blocks_of(blocks, view, lambda block: foot(block, view, said, version, back)), *tail],
                id=f"{page.slug}-content",
            ),
            # Last, so that what this very page ran is in the count.
            html.P(tried_count(view.scope, view.programme.code).sentence(), className="as-at", id=f"{page.slug}-tried"),
        ],
        className="page",
    )


def _says_nothing(page: ReviewPage, view: View) -> bool:
    """No estimate and no table: the answer has said why, and saying it again under every title would help nobody."""
    if not page.section:
        return False
    try:
        section = section_of(view, page.section)
    except Exception:
        return False  # each block says what went wrong in its place
    refused = bool(section.records) and all(isinstance(found, Refusal) for found in section.records.values())
    return refused and not any(len(table) for table in section.tables.values())


def _nothing_below(blocks: Sequence[Block]) -> html.Div:
    titles = formats.joined([f"“{block.title}”" for block in blocks])
    return states.inset(html.P(f"For the reason above nothing is shown of {titles}."))


def _answer(page: ReviewPage, view: View) -> list[Any]:
    section = section_of(view, page.section) if page.section else Section("", {})
    said = page.lead(view, section)
    if isinstance(said, Claim):
        said = said.sentence
    return [html.P(said, className="lead", id=f"{page.slug}-claim")] if isinstance(said, str) else list(said)


def sub_navigation(here: str, view: View) -> html.Nav:
    """The evaluation's own pages; the summary that funders read comes first."""
    there = {entry["path"] for entry in dash.page_registry.values()}
    links = [("/evaluation", "Summary"), *(link for link in NAVIGATION if link[0] in there)]
    query = urlencode({"programme": view.programme.code})
    items = [
        html.Li(html.A(label, href=f"{path}?{query}", **({"aria-current": "page"} if path == here else {})))
        for path, label in links
    ]
    return html.Nav(html.Ul(items), className="sub-navigation", **{"aria-label": "Evaluation"})


def choice_form(page: ReviewPage, view: View, refused: str = "") -> list[Any]:
    """A plain GET form, so that what a reader chose is in the address and can be sent to someone.

    ``refused``: labels of choices for which the address asks for what is not offered.
    """
    if not page.choices:
        return []
    fields = [_field(page, choice, view) for choice in page.choices]
    back = html.A(
        "Back to the registered analysis", href=f"{page.path}?{urlencode({'programme': view.programme.code})}"
    )
    form = html.Form(
        [
            dbc.Input(type="hidden", name="programme", value=view.programme.code),
            html.Div(fields, className="form-grid"),
            html.Button("Show", type="submit", className="button secondary"),
        ],
        method="get",
        action=page.path,
        id=f"{page.slug}-choices",
        className="choices",
        **{"aria-label": "Settings of the analysis"},
    )
    words = _chosen_words(page, view)
    if refused:
        said = f"The address asks for something that is not offered ({refused}); the registered setting is shown."
        return [states.inset(html.P(said)), form]
    if not words:
        return [form]
    said = f"Other settings than the registered ones: {'; '.join(words)}. The registered analysis is the headline. "
    return [form, states.inset(html.P([said, back]))]


def _field(page: ReviewPage, choice: Choice, view: View) -> html.Div | html.Fieldset:
    element, options, asked = f"{page.slug}-{choice.name}", list(choice.options(view)), choice.asked(view)
    if choice.many:
        ticked = asked.split(MANY)
        boxes = [
            dbc.Checkbox(id=f"{element}-{i}", name=f"{choice.name}.{value}", value=value in ticked, label=words)
            for i, (value, words) in enumerate(options)
        ]
        hint = [html.P(choice.hint, className="hint")] if choice.hint else []
        return html.Fieldset([html.Legend(choice.label), *hint, *boxes], className="form-group")
    label: Any = [choice.label, html.Span(choice.hint, className="hint")] if choice.hint else choice.label
    control = dbc.Select(
        id=element,
        name=choice.name,
        value=asked or (options[0][0] if options else ""),
        placeholder=options[0][1] if options else "",  # an empty value shows this, not the option of that value
        options=[{"label": words, "value": value} for value, words in options],
    )
    return html.Div([html.Label(label, htmlFor=element), control], className="form-field")
