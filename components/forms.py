"""Parts of a plain form: a label, a hint and a native control, tied together for screen readers."""

from __future__ import annotations

from collections.abc import Iterable

import dash_bootstrap_components as dbc
from dash import html


def field(element_id: str, label: str, control: object, hint: str = "") -> html.Div:
    """The hint is inside the label: dash-bootstrap-components cannot set aria-describedby on an input."""
    said = [label, html.Span(hint, className="hint")] if hint else label
    return html.Div([html.Label(said, htmlFor=element_id), control], className="form-field")


def tick_boxes(
    element_id: str, legend: str, options: Iterable[tuple[str, str]], ticked: Iterable[str]
) -> html.Fieldset:
    """Check boxes; each one ticked is posted as ``<its value>=on`` (the component cannot set a value)."""
    chosen = set(ticked)
    boxes = [
        dbc.Checkbox(id=f"{element_id}-{value}", name=value, value=value in chosen, label=label)
        for value, label in options
    ]
    return html.Fieldset([html.Legend(legend), *boxes], className="form-group")


def messages(said: Iterable[tuple[str, str]]) -> list[html.Div]:
    """What the last form did ("done") or what to mend ("problem")."""
    return [
        html.Div([html.H2("There is a problem"), html.P(text)], className="error-summary", role="alert")
        if kind == "problem"
        else html.Div(html.P(text), className="notice", role="status")
        for kind, text in said
    ]
