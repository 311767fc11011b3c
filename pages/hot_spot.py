"""One hot spot: what happens here, and who is here when?"""

from __future__ import annotations

from typing import Any

import dash
import pandas as pd
from dash import html

from components import figures
from components.block import Block, register_block
from components.columns import count, decimal, text
from components.view import View
from data_access import crimes, delivery, trends
from domain import formats
from domain.roles import Permission
from pages import _crime_blocks, _patrol_blocks
from pages._frame import DataPage, data_page


def _crime_hours(view: View) -> pd.DataFrame:
    return crimes.crime_table(view.scope, view.filters, ("weekday", "hour"))


def _crime_sentence(frame: pd.DataFrame, view: View) -> str:
    total = float(frame["crimes"].sum())
    if not total:
        return "No recorded crimes with a time in this period."
    evening = float(frame.loc[frame["hour"].between(14, 19), "crimes"].sum())
    return f"{formats.number(evening)} of {formats.number(total)} recorded crimes ({formats.percent(evening / total)}) started between 14:00 and 20:00."


CRIME_HOURS = register_block(
    Block(
        id="crime-hour-by-weekday",
        title="When crime is recorded",
        permission=Permission.SEE_DAYS,
        frame=_crime_hours,
        sentence=_crime_sentence,
        caption=lambda view: (
            "By the local hour and weekday of the earliest time the crime could have happened; crimes found later may have happened later."
        ),
        columns=lambda view: [
            text("weekday", "Weekday", lambda d: figures.DAYS[int(d)]),
            text("hour", "Hour starting", lambda h: f"{int(h):02d}:00"),
            count("crimes", "Recorded crimes"),
            decimal("harm_days", "Harm (CCHI days)", 0),
        ],
        figure=lambda frame, view: figures.hour_by_weekday(frame=frame, value="crimes", unit="recorded crimes"),
    )
)


def _lead(view: View) -> list[Any]:
    now = trends.totals(view.scope, view.filters)
    then = trends.totals(view.scope, view.comparison_filters)
    parts = []
    if now["crimes"] == now["crimes"]:
        sentence = f"{formats.number(now['crimes'])} recorded crimes in {formats.period(view.filters.period)}"
        if then["crimes"] == then["crimes"] and then["crimes"] > 0:
            sentence += f", against {formats.number(then['crimes'])} in {formats.period(view.comparison)} ({formats.signed_percent(now['crimes'] / then['crimes'] - 1)})"
        parts.append(sentence + ".")
    if view.programme.resolution == "day" and view.may(Permission.VIEW_PATROLS):
        done = delivery.delivery_total(view.scope, view.filters)
        if done.planned_minutes and not done.suppressed:
            parts.append(
                f"{formats.percent(done.delivered_share)} of {formats.number(done.planned_minutes)} planned minutes were delivered."
            )
    back = html.P(html.A("All hot spots", href=f"/hot-spots?{view.filters.with_hot_spots().to_query()}"))
    return [
        html.P(
            " ".join(parts) or "No figure can be given for this period: not every month is loaded.", className="lead"
        ),
        back,
    ]


dash.register_page(
    __name__,
    **data_page(
        DataPage(
            slug="hot-spot",
            path="/hot-spots/<hot_spot_code>",
            name="Hot spot",
            question=lambda view: f"{view.spot_names[view.path_code]}: what happens here, and who is here when?",
            permission=Permission.VIEW_HOT_SPOTS,
            blocks=[
                _crime_blocks.BY_MONTH,
                CRIME_HOURS,
                _patrol_blocks.HOUR_WEEKDAY,
                _patrol_blocks.BY_MONTH,
                _patrol_blocks.BY_PROVIDER,
                _patrol_blocks.SINCE,
                _crime_blocks.BY_GROUP,
            ],
            lead=_lead,
        ),
        path_template="/hot-spots/<hot_spot_code>",
    ),
)
