"""Empty, error and loading states: what happened, what it means, what to do."""

from __future__ import annotations

from dash import dcc, html


def inset(*children: object) -> html.Div:
    """A quiet aside with a rule at its left."""
    return html.Div(list(children), className="inset")


def warning(text: str) -> html.Div:
    """Bad news, with words and not colour alone."""
    return html.Div(
        [
            html.Span("!", className="warning-icon", **{"aria-hidden": "true"}),
            html.Strong([html.Span("Warning: ", className="visually-hidden"), text]),
        ],
        className="warning",
    )


def empty(why: str, loosen: str) -> html.Div:
    """Nothing to show: why, and which filter to loosen."""
    return html.Div([html.P([html.Strong("Nothing to show. "), why]), html.P(loosen)], className="inset")


def problems(sentences: tuple[str, ...]) -> html.Div | None:
    """What in the link could not be used."""
    if not sentences:
        return None
    return html.Div([html.P(s) for s in sentences], className="inset", role="status")


def error(what: str, meaning: str, do: str, reference: str) -> html.Div:
    return html.Div(
        [
            html.H2("There is a problem"),
            html.P(what),
            html.P(meaning),
            html.P(do),
            html.P(f"Reference: {reference}", className="caption"),
        ],
        className="error-summary",
        role="alert",
    )


def loading(children: object, target: str | None = None) -> dcc.Loading:
    """Dims what is there while new figures are fetched; nothing jumps."""
    options = {"target_components": {target: "children"}} if target else {}
    return dcc.Loading(
        children,
        overlay_style={"visibility": "visible", "opacity": 0.5},
        custom_spinner=html.Span("Loading…", className="loading-note"),
        delay_show=250,
        **options,
    )
