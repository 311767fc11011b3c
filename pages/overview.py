"""Home: is the money buying safety? The answer in sentences, then the numbers behind them."""

from __future__ import annotations

from typing import Any

import dash
import pandas as pd
from dash import html

from analysis.evaluation.before_after.overlap import baseline_overlap
from components import states
from components.block import Block, register_block
from components.columns import Column, change, text
from components.spark import spark
from components.view import View
from data_access import costs, overview
from data_access.evaluation import summary as evaluation
from domain import formats
from domain.periods import Period
from domain.roles import Permission
from pages._frame import DataPage, data_page
from pages._returns_list import for_you

LINKS = {
    "crimes": "/trends",
    "harm_days": "/trends",
    "harm_per_crime": "/trends",
    "patrol_minutes": "/patrols",
    "delivered_share": "/patrols",
}


def _columns(view: View) -> list[Column]:
    def value(name: str, head: str) -> Column:
        return Column(name, head, numeric=True, decimals_from="decimals")

    before = (
        f"Before the evaluation ({formats.period(view.programme.before.period)})"
        if view.programme.before
        else "Before the evaluation"
    )
    return [
        text("measure", "Measure"),
        text("unit", "Unit"),
        value("now", formats.period(view.filters.period)),
        value("year_before", f"A year before ({formats.period(view.filters.period.year_before())})"),
        change("change_year", "Change on a year before, %"),
        value("before_service", before),
        change("change_before", "Change on before the evaluation, %"),
    ]


def _sentence(frame: pd.DataFrame, view: View) -> str:
    known = frame.dropna(subset=["now"])
    return f"{len(known)} of {len(frame)} measures can be given for {formats.period(view.filters.period)}; where a comparison is missing, the earlier period is not wholly loaded or the service was not live in all of it."


TABLE = register_block(
    Block(
        id="overview",
        title="The same in one table",
        permission=Permission.VIEW_OVERVIEW,
        frame=lambda view: overview.overview_table(view.scope, view.filters),
        sentence=_sentence,
        caption=lambda view: (
            f"Harm weights: {view.as_at.weight_edition or 'none loaded'}. Patrol-minutes: minutes with one or more people of a team inside a boundary, by GPS. Cost: provider spend over those minutes, monthly spend split by day. Changes of a share are in percentage points."
        ),
        columns=_columns,
        table_open=True,
    )
)


def _before_words(view: View) -> Period | None:
    during, before = view.programme.during, view.programme.before
    return before.period if during and before and view.filters.period == during.period else None


def _measures(view: View) -> html.Ul:
    frame, lines = overview.overview_table(view.scope, view.filters), overview.sparks(view.scope, view.filters)
    items = []
    for row in frame.to_dict("records"):
        words = overview.measure_sentence(row, view.filters.period.year_before(), _before_words(view))
        link = LINKS.get(row["key"], "/costs")
        picture = (
            spark(lines.get(row["key"], []), f"{row['measure']} by month, up to 24 months")
            if row["key"] in lines
            else None
        )
        unit = row["unit"].removeprefix("£ ").removeprefix("% ")
        items.append(
            html.Li(
                [
                    html.Div(
                        [
                            html.Span(overview.written_value(row), className="measure-number"),
                            html.Span(unit, className="measure-unit"),
                        ]
                    ),
                    html.Div(picture),
                    html.P([html.A(row["measure"], href=f"{link}?{view.filters.to_query()}"), ". ", words]),
                ],
                className="measure",
                id=f"measure-{row['key'].replace(':', '-')}",
            )
        )
    return html.Ul(items, className="measures")


def _claim(view: View) -> list[Any]:
    """The evaluation's own sentence, only when the page shows the evaluation window; its warning to everybody."""
    if _before_words(view) is None or view.filters.hot_spots:
        return []
    if not view.may(Permission.VIEW_EVALUATION):
        return _bare_warning(view)
    body: list[Any] = []
    found = evaluation.evaluation_summary(view.scope, view.programme.code)
    if hasattr(found.before_after, "default"):
        body.append(
            html.P(
                [
                    found.claim.sentence,
                    " ",
                    html.A("How sure can we be?", href=f"/evaluation?programme={view.programme.code}"),
                ]
            )
        )
    if found.harm_claim:
        body.append(html.P(found.harm_claim.sentence))
    if found.overlap:
        body.append(states.warning(found.overlap.sentence()))
    return body


def _bare_warning(view: View) -> list[Any]:
    """For those who see the two counts but not the evaluation."""
    before = view.programme.before
    overlap = baseline_overlap(before.period, view.programme.service_live_from) if before else None
    plain = html.P(
        "Two counts beside each other do not say what lay behind a difference, nor whether it is more than ordinary variation."
    )
    return [plain, *([states.warning(overlap.sentence())] if overlap else [])]


def _lead(view: View) -> list[Any]:
    frame = overview.overview_table(view.scope, view.filters).set_index("key")
    parts = [f"{formats.period(view.filters.period)}."]
    if "delivered_share" in frame.index and frame.loc["delivered_share", "now"] == frame.loc["delivered_share", "now"]:
        parts.append(
            f"The service delivered {overview.written_value(frame.loc['delivered_share'].to_dict())} of planned minutes."
        )
    column, words = (
        ("before_service", "in the window before") if _before_words(view) else ("year_before", "a year before")
    )
    crimes = frame.loc["crimes"]
    if crimes["now"] == crimes["now"]:
        now = f"{formats.number(crimes['now'])} crimes were recorded in {view.places()}"
        parts.append(
            f"{now}, against {formats.number(crimes[column])} {words}."
            if crimes[column] == crimes[column]
            else f"{now}."
        )
    severity = frame.loc["harm_per_crime"]
    if severity["now"] == severity["now"] and severity[column] == severity[column]:
        parts.append(
            f"Harm per crime was {formats.number(severity['now'], 1)} days, against {formats.number(severity[column], 1)}."
        )
    rates = [
        f"{formats.pounds(r['now'], 2)} by {str(r['measure']).removeprefix('Cost: ')}"
        for k, r in frame.iterrows()
        if str(k).startswith("rate:")
    ]
    if rates:
        where = " (all hot spots)" if view.filters.hot_spots else ""
        parts.append(f"A patrol-minute in a hot spot cost {formats.joined(rates)}{where}.")
        if len(rates) > 1 and costs.has_estimates(view.scope, view.filters):
            parts.append("Trackers differ too much for those to be compared; Costs compares like for like.")
    if crimes["now"] != crimes["now"]:
        hidden = "Counts of 1 to 4 recorded crimes are not shown to your role."
        parts.append(hidden if crimes["suppressed"] else "No recorded crime is loaded for the whole of this period.")
    lead = html.P(" ".join(parts), className="lead", id="overview-lead")
    return [lead, for_you(view.scope, view.programme), *_claim(view), _measures(view)]


dash.register_page(
    __name__,
    **data_page(
        DataPage(
            slug="overview",
            path="/",
            name="Home",
            question="Is the money buying safety?",
            permission=Permission.VIEW_OVERVIEW,
            blocks=[TABLE],
            lead=_lead,
            compare=False,
        ),
    ),
)
