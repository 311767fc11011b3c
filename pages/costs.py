"""Costs: what does a minute in a hot spot cost, by provider? Three ledgers, never one "savings" figure."""

from __future__ import annotations

from typing import Any

import dash
import pandas as pd
import plotly.graph_objects as go
from dash import html

from components import figures, palette
from components.block import Block, register_block, render_block
from components.columns import Column, decimal, money, share, text
from components.view import View
from data_access import costs, finance
from domain import formats
from domain.periods import month_of
from domain.roles import Permission
from pages._fair_rates import fairness
from pages._frame import PATROL_DATA, DataPage, data_page

PRORATED = "Monthly spend is split over the days of the month; the share inside the period counts."


def _rate_sentence(frame: pd.DataFrame, view: View) -> str:
    known = frame.dropna(subset=["cost_per_patrol_minute_gbp"])
    if known.empty:
        return "No cost per minute can be given: either no spend or no patrol-minutes are loaded for this period."
    parts = [f"{row.provider_name} {formats.pounds(row.cost_per_patrol_minute_gbp, 2)}" for row in known.itertuples()]
    sentence = f"A patrol-minute in a hot spot cost: {formats.joined(parts)}."
    if not frame.attrs["like_for_like"]:
        return sentence
    ranges = [
        f"{row.provider_name} {formats.pounds(row.like_for_like_rate_gbp, 2)} (95% range {formats.pounds(row.like_for_like_rate_low_gbp, 2)} to {formats.pounds(row.like_for_like_rate_high_gbp, 2)})"
        if row.estimated
        else f"{row.provider_name} {formats.pounds(row.like_for_like_rate_gbp, 2)}"
        for row in known.itertuples()
    ]
    return f"{sentence} Trackers differ too much for those to be compared; like for like a minute cost: {formats.joined(ranges)}."


def _rate_figure(frame: pd.DataFrame, view: View) -> go.Figure:
    known = frame.dropna(subset=["cost_per_patrol_minute_gbp"])
    styles = [palette.provider_style(view.programme, c) for c in known["provider"]]
    return figures.dots_with_intervals(
        labels=list(known["provider_name"]),
        values=list(known["like_for_like_rate_gbp"]),
        lows=[None if pd.isna(v) else v for v in known["like_for_like_rate_low_gbp"]],
        highs=[None if pd.isna(v) else v for v in known["like_for_like_rate_high_gbp"]],
        unit="£ per patrol-minute" + (", like for like" if frame.attrs["like_for_like"] else ""),
        colours=[s[0] for s in styles],
        symbols=[s[1] for s in styles],
        texts=[formats.pounds(v, 2) for v in known["like_for_like_rate_gbp"]],
    )


def _rate_caption(view: View) -> str:
    return (
        "Provider spend over GPS-verified patrol-minutes inside hot spots (time outside boundaries is in the cost but not in the minutes). "
        f"{PRORATED} A range is drawn where minutes are estimated; minutes by the rules are compared as they are. {fairness(view)}"
    )


def _rate_columns(view: View) -> list[Column]:
    usual = [
        text("provider_name", "Provider"),
        money("cost_gbp", "Spend (£)"),
        decimal("patrol_minutes", "Patrol-minutes", 0),
        decimal("person_minutes", "Person-minutes", 0),
        money("cost_per_patrol_minute_gbp", "£ per patrol-minute", 2),
        money("cost_per_person_hour_gbp", "£ per person-hour", 2),
    ]
    if not costs.has_estimates(view.scope, view.filters):
        return usual
    return [
        *usual,
        decimal("like_for_like_minutes", "Like-for-like minutes", 0),
        money("like_for_like_rate_gbp", "£ per like-for-like minute", 2),
        money("like_for_like_rate_low_gbp", "Range from (£)", 2),
        money("like_for_like_rate_high_gbp", "Range to (£)", 2),
    ]


RATES = register_block(
    Block(
        id="cost-by-provider",
        title="Cost per patrol-minute and per person-hour",
        permission=Permission.VIEW_COSTS,
        frame=lambda view: costs.cost_by_provider(view.scope, view.filters),
        sentence=_rate_sentence,
        caption=_rate_caption,
        columns=_rate_columns,
        figure=_rate_figure,
        table_open=True,
    )
)


def _ledger_sentence(frame: pd.DataFrame, view: View) -> str:
    reference = view.programme.provider_name(view.programme.rate_reference_provider or "")
    known = frame.dropna(subset=["percent_cheaper"])
    parts = [
        f"a minute by {row.provider_name} cost {_less(row.percent_cheaper)} than by {reference}{_range(row)}"
        for row in known.itertuples()
    ]
    if not parts:
        return "No rates can be compared: the reference provider has no cost or no minutes in this period."
    text_ = formats.joined(parts)
    why = " Ranges are there because minutes of sparse trackers are estimates." if _ranged(known) else ""
    return f"{text_[0].upper()}{text_[1:]}.{why} The same minutes at the reference rate would have cost the difference shown; it is only a saving if those minutes would otherwise have been bought."


def _less(cheaper: float) -> str:
    return f"{formats.percent(abs(cheaper), 1)} {'less' if cheaper >= 0 else 'more'}"


def _ranged(frame: pd.DataFrame) -> bool:
    return bool(frame["percent_cheaper_low"].notna().any())


def _range(row: Any) -> str:
    """ "(31.8% to 32.8% less)", or with both words where the range crosses nothing."""
    if pd.isna(row.percent_cheaper_low):
        return ""
    low, high = _less(row.percent_cheaper_low), _less(row.percent_cheaper_high)
    same = low.split()[1] == high.split()[1]
    return f" (95% range {low.split()[0] if same else low} to {high})"


def _ledger_columns(view: View) -> list[Column]:
    estimated = costs.has_estimates(view.scope, view.filters)
    minute = "like-for-like minute" if estimated else "patrol-minute"
    shares = [share("percent_cheaper_low", "Range from, %", 1), share("percent_cheaper_high", "Range to, %", 1)]
    pounds = [
        money("delivery_cost_avoided_low_gbp", "Range from (£)"),
        money("delivery_cost_avoided_high_gbp", "Range to (£)"),
    ]
    return [
        text("provider_name", "Provider"),
        money("rate_gbp", f"£ per {minute}", 2),
        money("reference_rate_gbp", f"Reference £ per {minute}", 2),
        share("percent_cheaper", "Cheaper than reference, %", 1),
        *(shares if estimated else []),
        decimal("patrol_minutes", f"{minute.capitalize()}s", 0),
        money("delivery_cost_avoided_gbp", "Delivery cost avoided (£)"),
        *(pounds if estimated else []),
    ]


LEDGER_1 = register_block(
    Block(
        id="ledger-1-delivery-cost",
        title="Ledger 1: delivery cost avoided (cashable)",
        permission=Permission.VIEW_COSTS,
        frame=lambda view: costs.rate_comparison(view.scope, view.filters),
        sentence=_ledger_sentence,
        caption=lambda view: f"(Reference rate − provider rate) × minutes. {PRORATED}",
        columns=_ledger_columns,
        table_open=True,
    )
)


def _lead(view: View) -> list[Any]:
    how = html.A("how minutes are counted", href=f"/patrols/counting?{view.filters.to_query()}")
    return [html.P(["Is one rate against another fair? Read below the chart what is in no rate, and ", how, "."])]


def _nothing(view: View) -> tuple[str, str] | None:
    if costs.has_costs(view.scope, view.programme.code):
        return None
    return (
        f"No costs are loaded for {view.programme.name}.",
        "A manager can load them with the kind “costs”; Data says what is loaded.",
    )


def _other_ledgers(view: View) -> list[Any]:
    body: list[Any] = []
    for title, ledger in (
        (
            "Ledger 2: police response cost avoided (opportunity cost)",
            costs.response_cost_avoided(view.scope, view.filters),
        ),
        (
            "Ledger 3: social cost of crime avoided (mostly not cashable)",
            costs.social_cost_avoided(view.scope, view.filters),
        ),
    ):
        body.append(
            html.Section(
                [html.H2(title), html.P([f"{formats.UNAVAILABLE} ", ledger.reason], className="reading")],
                className="block",
            )
        )
    body.append(
        html.P("The three ledgers answer different questions and are never added together.", className="caption")
    )
    return [*body, render_block(FINANCE, view)]


def _finance_frame(view: View) -> pd.DataFrame:
    return finance.finance_table(view.scope, view.programme.code, month_of(view.filters.period.end))


def _finance_columns(view: View) -> list[Column]:
    return [
        text("line", "Line"),
        money("month_gbp", "Month (£)"),
        money("year_to_date_gbp", "Financial year to date (£)"),
        money("full_year_gbp", "Full year (£)"),
    ]


FINANCE = register_block(
    Block(
        id="finance",
        title="Award, spend and forecast",
        permission=Permission.VIEW_COSTS,
        frame=_finance_frame,
        sentence=lambda frame, view: finance.finance_sentence(
            view.scope, view.programme.code, month_of(view.filters.period.end)
        ),
        caption=lambda view: (
            f"Month: {formats.month(month_of(view.filters.period.end))}. Forecast is spend to date plus the loaded forecast of later months. Underspend of a grant is usually lost."
        ),
        columns=_finance_columns,
        table_open=True,
    )
)

dash.register_page(
    __name__,
    **data_page(
        DataPage(
            slug="costs",
            path="/costs",
            name="Costs",
            question="What does a minute in a hot spot cost?",
            permission=Permission.VIEW_COSTS,
            blocks=[RATES, LEDGER_1],
            lead=_lead,
            tail=_other_ledgers,
            nothing=_nothing,
            compare=False,
            bounds=PATROL_DATA,
            spots=False,
        ),
    ),
)
