"""What the page of one method says, from the docstring of the function that computes it and the calibration table."""

from __future__ import annotations

from typing import Any

from dash import html

from analysis.evaluation.calibration.table import quote
from analysis.evaluation.catalogue import Method, Use, methods
from analysis.evaluation.record import CODE_VERSION
from domain import formats
from pages._error_rates import provenance_sentence, rates_table
from pages._method_docs import MethodDoc, Parameter, blocks, document, inline, preformatted

USES = {
    Use.DEFAULT: "Headline: the claim rests on this method.",
    Use.SENSITIVITY: "Always shown beside the headline; it carries no claim of its own.",
    Use.COMPARISON: (
        "Only for comparison with other studies that use it. Its error rate is known to be worse; no claim rests on it."
    ),
    Use.SUPPORT: "A calculation that others rest on or are judged by; it makes no claim.",
}


def _section(key: str, title: str, body: list[Any]) -> html.Section | None:
    name = f"method-{key}"
    if not body:
        return None
    return html.Section([html.H2(title, id=name), *body], className="block", **{"aria-labelledby": name})


def _parameters(found: tuple[Parameter, ...]) -> list[Any]:
    terms = [
        part
        for p in found
        for part in (
            html.Dt([html.Code(p.name), f" : {p.kind}" if p.kind and p.name else p.kind]),
            html.Dd(inline(p.meaning)),
        )
    ]
    return [html.Dl(terms, className="facts")] if terms else []


def _rates(method: Method) -> list[Any]:
    table = rates_table(f"Error rates of {method.title}", lambda row: row.method == method.key, method_column=False)
    if not method.calibrated and table is None:
        return [
            html.P("A false-alarm rate has no meaning for it: it gives no interval that could leave out “no change”.")
        ]
    alarms, coverage = quote(method.key)
    if table is None:
        return [html.P("Its error rate has not been measured yet; wherever a figure rests on it, the page says so.")]
    said = []
    if alarms is not None:
        said.append(
            f"It signals in {formats.percent(alarms, 1)} of programmes in which nothing happened; a 5% test should in 5%."
        )
    if coverage is not None:
        said.append(f"Its 95% interval holds the truth in {formats.percent(coverage, 1)}.")
    return [html.P(" ".join(said)), table, html.P(provenance_sentence(), className="caption")]


def _page(method: Method, found: MethodDoc) -> html.Div:
    use = method.use.value[:1].upper() + method.use.value[1:]
    facts = [
        html.Dt("Question"), html.Dd(f"{method.question[:1].upper()}{method.question[1:]}"),
        html.Dt("Role"), html.Dd(f"{use}. {USES[method.use]}"),
    ]  # fmt: skip
    worked = [*blocks(found.description, "Formula"), *blocks(found.notes, "Formula")]
    code = [
        preformatted(found.signature, "Call"),
        html.P([html.Code(found.where, className="long"), f". Code version: {CODE_VERSION}."]),
    ]
    return html.Div(
        [
            html.P(html.A("All methods and definitions", href="/methods", **{"data-in-page": "yes"})),
            html.H1(f"How is “{method.title}” worked out?"),
            html.P(inline(found.summary), className="lead"),
            html.Dl(facts, className="facts"),
            _section("formula", "Formula and terms", worked),
            _section("misleads", "How it can mislead", blocks(found.misleads, "Formula")),
            _section("rates", "How often it is wrong", _rates(method)),
            _section("parameters", "What it takes", _parameters(found.parameters)),
            _section("returns", "What it gives", _parameters(found.returns)),
            _section(
                "source",
                "Source",
                [html.Ul([html.Li(inline(source)) for source in found.sources])] if found.sources else [],
            ),
            _section("example", "Example", [preformatted(found.example, "Example in Python")] if found.example else []),
            _section("code", "Code", code),
        ],
        className="page method",
    )


def method_page(key: str) -> html.Div:
    """The page of a method, or what to do where there is none of that name."""
    method = methods().get(key)
    if method is None:
        return html.Div(
            [
                html.H1("There is no such method"),
                html.P(f"No method is called “{key[:60]}”."),
                html.P(html.A("See all methods", href="/methods")),
            ],
            className="page",
        )
    return _page(method, document(method))
