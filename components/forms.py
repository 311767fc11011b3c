"""Parts of a plain form: a label, a hint and a native control, tied together for screen readers."""

from __future__ import annotations

from collections.abc import Iterable

import dash_bootstrap_components as dbc
from dash import html


def field(element_id: str, label: str, control: object, hint: str = "") -> html.Div:
    """The hint is inside the label: dash-bootstrap-components cannot set aria-describedby on an input."""
    said = [label, html.Span(hint, className="hint")] if hint else label
    return html.Div([html.Label(said, htmlFor=element_id), control], className="form-field")


def choices(
    element_id: str, legend: str, name: str, options: Iterable[tuple[str, str]], chosen: Iterable[str]
) -> html.Fieldset:
    """Check boxes that post ``name`` once for each one ticked."""
    ticked = set(chosen)
    boxes = [
        html.Div(
            [
                dbc.Checkbox(
                    id=f"{element_id}-{value}", name=name, value=value in ticked, label=label, html_value=value
                )
                if False
                else None
            ],
            className="choice",
        )
        for value, label in options
    ]
    return html.Fieldset([html.Legend(legend), *boxes], className="form-group")
