"""Hot spots: where, and how do they differ? A map and a table that drive the same selection."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

import dash
import dash_bootstrap_components as dbc
import pandas as pd
from dash import ALL, ClientsideFunction, Input, Output, State, clientside_callback, ctx, dcc, html

from access.requires import requires
from access.viewer import current_scope
from components import states
from components.block import Block, register_block
from components.columns import Column, change, count, decimal, share, text
from components.figures import paired_dots
from components.hot_spot_map import MapMeasure, hot_spot_map
from components.shell import no_access
from components.table import scrolling
from components.view import View
from data_access import delivery
from domain import formats
from domain.roles import Permission
from domain.scope import OutOfScope
from pages._frame import DataPage, NoSuchHotSpot, data_page, make_view
from settings import load_settings

MEASURES = {
    "crimes": MapMeasure("crimes", "recorded crimes"),
    "harm": MapMeasure("harm_days", "harm (CCHI days)"),
    "severity": MapMeasure("harm_per_crime", "harm per scored crime (days)", 1),
    "incidents": MapMeasure("asb_incidents", "anti-social behaviour incidents"),
    "change": MapMeasure("change", "change in recorded crimes, %", 0, 100, signed=True),
    "patrol": MapMeasure("patrol_minutes", "patrol-minutes delivered"),
    "delivered": MapMeasure("delivered_share", "delivered, % of planned minutes", 0, 100),
}


def _frame(view: View) -> pd.DataFrame:
    return delivery.hot_spot_measures(view.scope, view.filters, view.comparison)


def _columns(view: View) -> list[Column]:
    columns = [
        text("position", "No."),
        text("hot_spot_name", "Hot spot" if view.defaults.area_word == "hot spots" else "Area"),
        count("crimes", "Recorded crimes"),
        count("crimes_then", f"Recorded crimes, {formats.period(view.comparison)}"),
        change("change", "Change, %"),
        decimal("harm_days", "Harm (CCHI days)", 0),
        decimal("harm_per_crime", "Harm per scored crime (days)"),
        count("asb_incidents", "Anti-social behaviour incidents"),
    ]
    if view.programme.resolution == "day" and view.may(Permission.VIEW_PATROLS):
        columns += [
            decimal("planned_minutes", "Planned minutes", 0),
            decimal("patrol_minutes", "Patrol-minutes", 0),
            share("delivered_share", "Delivered, %"),
        ]
    return columns


def _sentence(frame: pd.DataFrame, view: View) -> str:
    known, word = frame.dropna(subset=["crimes"]), view.defaults.area_word
    if known.empty:
        return "Every count is hidden from your role in this period; choose the evaluation window or a longer period."
    top = known.loc[known["crimes"].idxmax()]
    first = f"{top['hot_spot_name']} had most recorded crime: {formats.number(float(top['crimes']))}"
    if len(known) < len(frame):
        first = f"Of the {len(known)} of {len(frame)} {word} that can be shown to your role, {first}"
        said = f"{first} in {formats.period(view.filters.period)}; no total is given, because it would tell the hidden counts."
    else:
        said = f"{first} of {formats.number(float(known['crimes'].sum()))} in {formats.period(view.filters.period)}."
    both = known.dropna(subset=["crimes_then"])
    if both.empty:
        return f"{said} Nothing can be set beside it: {formats.period(view.comparison)} is not wholly loaded or is hidden from your role."
    fell = int((both["crimes"] < both["crimes_then"]).sum())
    rose = int((both["crimes"] > both["crimes_then"]).sum())
    return f"{said} Against {formats.period(view.comparison)}, recorded crime was lower in {fell} and higher in {rose} of the {len(both)} {word} that can be compared."


TABLE = register_block(
    Block(
        id="hot-spots",
        compares=True,
        title="Compared with the earlier period",
        permission=Permission.VIEW_HOT_SPOTS,
        frame=_frame,
        sentence=_sentence,
        caption=lambda view: (
            "Recorded crimes placed inside each boundary. Small places differ by chance; a difference here is not an effect of patrols."
        ),
        columns=_columns,
        figure=lambda frame, view: paired_dots(
            labels=[f"{r.position}: {r.hot_spot_name}" for r in frame.itertuples()],
            now=list(frame["crimes"]),
            then=list(frame["crimes_then"]),
            now_name=formats.period(view.filters.period),
            then_name=formats.period(view.comparison),
            unit="recorded crimes",
        ),
    )
)


def _available(view: View) -> dict[str, MapMeasure]:
    patrols = view.programme.resolution == "day" and view.may(Permission.VIEW_PATROLS)
    return {k: m for k, m in MEASURES.items() if patrols or k not in ("patrol", "delivered")}


def _pair(view: View, key: str, chosen: str) -> html.Div:
    """Map at the left, its table at the right, the chosen one spelled out under both."""
    frame, measure = _frame(view), MEASURES.get(key, MEASURES["crimes"])
    if frame.empty:
        return states.empty(
            "No boundaries are loaded.", "A manager can load a GeoJSON file of hot spots on the Data page."
        )
    settings, rows = load_settings(), frame.to_dict("records")
    return html.Div(
        [
            html.Div(
                [
                    hot_spot_map(
                        rows,
                        measure,
                        chosen,
                        map_id="hot-spots-map",
                        shape_type="spot-shape",
                        tile_url=settings.tile_url,
                        tile_attribution=settings.tile_attribution,
                    ),
                    _table(rows, measure, chosen, view),
                ],
                className="map-and-table",
            ),
            html.Div(_chosen(rows, chosen, view), role="status", id="hot-spots-chosen"),
        ]
    )


def _table(rows: list[dict[str, Any]], measure: MapMeasure, chosen: str, view: View) -> html.Div:
    word = "Hot spot" if view.defaults.area_word == "hot spots" else "Area"
    body = []
    for row in rows:
        value = (
            formats.CONFIDENTIAL
            if row.get(f"suppressed_{measure.column}", row.get("suppressed")) is True
            and row[measure.column] != row[measure.column]
            else measure.write(row[measure.column])
        )
        button = html.Button(
            f"{row['position']}: {row['hot_spot_name']}",
            id={"type": "spot-row", "code": str(row["hot_spot"])},
            className="row-button",
            n_clicks=0,
            **{"aria-pressed": "true" if row["hot_spot"] == chosen else "false"},
        )
        body.append(
            html.Tr(
                [html.Th(button, scope="row"), html.Td(value, className="numeric")],
                className="chosen" if row["hot_spot"] == chosen else None,
            )
        )
    head = html.Tr(
        [
            html.Th(word, scope="col"),
            html.Th(
                measure.label.capitalize() if not measure.label.startswith("CCHI") else measure.label,
                scope="col",
                className="numeric",
            ),
        ]
    )
    caption = html.Caption(
        f"{measure.label[0].upper()}{measure.label[1:]}, {formats.period(view.filters.period)}. Choose a row to mark it on the map."
    )
    table = html.Table([caption, html.Thead(head), html.Tbody(body)], className="data-table", id="hot-spots-pick")
    return scrolling(table, "Hot spots and the measure on the map")


def _chosen(rows: list[dict[str, Any]], chosen: str, view: View) -> list[Any]:
    row = next((r for r in rows if r["hot_spot"] == chosen), None)
    if row is None:
        return [html.P("Choose a place on the map or in the table to see its figures.", className="caption")]
    parts = [f"{m.label}: {m.write(row.get(m.column))}" for m in _available(view).values() if m.column in row]
    return [
        html.H2(f"{row['position']}: {row['hot_spot_name']}"),
        html.P("; ".join(parts) + "."),
        html.P(
            html.A(
                f"Open the page for {row['hot_spot_name']}",
                href=f"/hot-spots/{row['hot_spot']}?{view.filters.with_hot_spots().to_query()}",
            )
        ),
    ]


def _stage(view: View) -> list[Any]:
    measure = view.query.get("measure", "crimes")
    measure = measure if measure in _available(view) else "crimes"
    chosen = view.query.get("chosen", "")
    chosen = chosen if chosen in view.defaults.hot_spot_names else ""
    options = [{"label": m.label, "value": k} for k, m in _available(view).items()]
    return [
        html.Div(
            [
                html.Label("Colour the map by", htmlFor="hot-spots-measure"),
                dbc.Select(id="hot-spots-measure", options=options, value=measure, className="in-sentence"),
            ],
            className="block",
        ),
        dcc.Store(id="hot-spots-choice", data=chosen),
        dcc.Store(id="hot-spots-choice-written"),
        states.loading(html.Div(_pair(view, measure, chosen), id="hot-spots-pair"), "hot-spots-pair"),
    ]


@dash.callback(
    Output("hot-spots-pair", "children"),
    Output("hot-spots-choice", "data"),
    Input("hot-spots-measure", "value"),
    Input("hot-spots-query", "data"),
    Input({"type": "spot-shape", "code": ALL}, "n_clicks"),
    Input({"type": "spot-row", "code": ALL}, "n_clicks"),
    State("hot-spots-choice", "data"),
    State("hot-spots-where", "data"),
    State("hot-spots-address", "data"),
    prevent_initial_call=True,
)
@requires(Permission.VIEW_HOT_SPOTS)
def choose(
    measure: str,
    query: str | None,
    _shapes: list[int],
    _rows: list[int],
    chosen: str,
    where: dict[str, str],
    address: str,
) -> tuple[Any, str]:
    """A click on a shape or a row chooses it; the measure and the filters keep the choice."""
    trigger = ctx.triggered_id
    if isinstance(trigger, dict):
        if not any(t["value"] for t in ctx.triggered):
            return dash.no_update, dash.no_update  # shapes just drawn report n_clicks=0
        chosen = str(trigger["code"])
    try:
        view = make_view(current_scope(), query_dictionary(query or address, where))
    except (OutOfScope, NoSuchHotSpot) as reason:
        return no_access(str(reason)), ""
    return _pair(view, measure, chosen), chosen


# The choice is part of what the screen shows, so it is part of the address that can be shared.
clientside_callback(
    ClientsideFunction("portal", "writeChoice"),
    Output("hot-spots-choice-written", "data"),
    Input("hot-spots-choice", "data"),
    Input("hot-spots-measure", "value"),
    Input("hot-spots-query", "data"),
    prevent_initial_call=True,
)


def query_dictionary(query: str, where: dict[str, str] | None) -> dict[str, str]:
    found = dict(parse_qsl(query))
    found["programme"] = str((where or {}).get("programme", found.get("programme", "")))
    return found


dash.register_page(
    __name__,
    **data_page(
        DataPage(
            slug="hot-spots",
            path="/hot-spots",
            name="Hot spots",
            question=lambda view: f"Where are the {view.defaults.area_word}, and how do they differ?",
            permission=Permission.VIEW_HOT_SPOTS,
            blocks=[TABLE],
            stage=_stage,
        ),
    ),
)
