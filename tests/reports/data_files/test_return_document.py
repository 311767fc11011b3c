"""A return as a document and back, exactly, and the published schema that documents keep to."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import date, datetime
from typing import Any

import jsonschema
import numpy as np
import plotly.graph_objects as go
import pytest
from hypothesis import HealthCheck, given, settings

from domain.return_template import ReturnField
from reports.charts import figure_svg
from reports.data_files import printed
from reports.data_files.about import LANGUAGE
from reports.data_files.document import NotAReturn, as_document, canonical_bytes, figures_of, restore
from reports.data_files.schema import SCHEMA_VERSION, schema
from reports.model import Chart, DataTable, Entry, Fact, Headline, ReturnContents, Section, Story
from reports.pdf import LANGUAGE as PDF_LANGUAGE
from tests.reports.data_files.any_return import any_return

VALIDATOR = jsonschema.Draft202012Validator(schema(), format_checker=jsonschema.FormatChecker())
DEFINED = {
    "field": ReturnField, "fact": Fact, "table": DataTable, "chart": Chart, "story": Story, "entry": Entry,
    "section": Section, "headline": Headline,
}  # fmt: skip


def through_json(contents: ReturnContents) -> ReturnContents:
    """As the database holds it: both documents as sorted text."""
    document = json.loads(canonical_bytes(as_document(contents)))
    figures = json.loads(json.dumps(figures_of(contents), sort_keys=True))
    return restore(document, figures)


def test_what_is_frozen_is_restored_exactly(contents: ReturnContents, rich: ReturnContents) -> None:
    for made in (contents, rich):
        assert through_json(made) == made
        assert canonical_bytes(as_document(through_json(made))) == canonical_bytes(as_document(made))


def test_a_restored_chart_draws_the_same_picture(contents: ReturnContents) -> None:
    restored = {chart.key: chart for chart in through_json(contents).charts()}
    assert restored
    for chart in contents.charts():
        again = restored[chart.key]
        assert figure_svg(again.figure, again.width, again.height) == figure_svg(
            chart.figure, chart.width, chart.height
        )


def test_arrays_come_back_as_arrays(rich: ReturnContents) -> None:
    figure = go.Figure(go.Scatter(x=np.arange(3), y=np.array([0.1, np.nan, 1e300])))
    figure.add_heatmap(z=np.arange(6, dtype="int64").reshape(2, 3))
    entry = rich.sections[-1].entries[0]
    chart = replace(entry.charts[0], figure=figure)
    section = replace(rich.sections[-1], entries=(replace(entry, charts=(chart,)),))
    again = through_json(replace(rich, sections=(section,))).charts()[0].figure
    assert np.array_equal(again.data[0].y, figure.data[0].y, equal_nan=True)
    assert again.data[1].z.shape == (2, 3)
    assert figure_svg(again, 400, 300) == figure_svg(figure, 400, 300)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(any_return())
def test_any_return_comes_back_as_it_was(made: ReturnContents) -> None:
    assert through_json(made) == made


def test_the_canonical_bytes_name_the_contents(contents: ReturnContents) -> None:
    document = as_document(contents)
    turned = dict(reversed(document.items()))
    assert canonical_bytes(turned) == canonical_bytes(document)
    assert canonical_bytes(as_document(replace(contents, notes=("Another.",)))) != canonical_bytes(document)
    assert "−" in canonical_bytes({"a": "−"}).decode("utf-8")
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical_bytes({"number": float("nan")})


def _at(document: dict[str, Any], *path: str | int) -> Any:
    for step in path:
        document = document[step]  # type: ignore[index]
    return document


BROKEN: list[tuple[Callable[[dict[str, Any]], Any], str]] = [
    (lambda d: d.pop("kind"), "does not say that it is a “monthly return”"),
    (lambda d: d.update(schema_version=2), "of schema version 2, and this portal reads version 1"),
    (lambda d: d.update(schema_version=True), "schema version True"),
    (lambda d: d.pop("title"), "the document lacks the key “title”"),
    (lambda d: d.update(extra=1), "the document has the unknown key “extra”"),
    (lambda d: d.update(demonstration="yes"), "demonstration must be true or false"),
    (lambda d: d.update(made_at="last week"), "made_at must be a date"),
    (lambda d: d.update(summary="One text"), "summary must be a list"),
    (lambda d: d["symbols"].append({"symbol": "[q]"}), r"symbols\[5\] must be an object of “symbol” and “meaning”"),
    (lambda d: d["headlines"][0].update(value="81%"), r"headlines\[0\].value must be an object with a text"),
    (lambda d: d["headlines"][0]["value"].update(x=1), r"headlines\[0\].value has the unknown key “x”"),
    (lambda d: d["sections"].append([]), r"sections\[\d+\] must be an object"),
    (lambda d: _at(d, "sections", 1, "entries", 0, "charts", 0).update(width=7.5), "width must be a whole number"),
    (lambda d: _at(d, "sections", 1, "entries", 0).update(charts=[]), "has no chart “map”, for which a figure was"),
    (lambda d: _at(d, "sections", 1, "entries", 0, "charts", 0).update(key="m"), "no figure was handed over"),
]  # fmt: skip


@pytest.mark.parametrize(("breaking", "said"), BROKEN)
def test_what_is_not_a_return_is_refused_with_the_place(
    contents: ReturnContents, breaking: Callable[[dict[str, Any]], Any], said: str
) -> None:
    document, figures = copy.deepcopy(as_document(contents)), figures_of(contents)
    breaking(document)
    with pytest.raises(NotAReturn, match=said) as refused:
        restore(document, figures)
    assert str(refused.value).endswith(".")


@pytest.mark.parametrize(
    "figure",
    [None, {"data": [{"type": "no such"}]}, {"data": [{"y": {"dtype": "f8", "bdata": "%"}}]}, {"layout": {"x": 1}}],
)
def test_a_figure_that_cannot_be_drawn_is_refused(contents: ReturnContents, figure: object) -> None:
    with pytest.raises(NotAReturn, match="the figure “map”"):
        restore(as_document(contents), figures_of(contents) | {"map": figure})


def test_a_return_frozen_before_the_model_grew_is_still_read(contents: ReturnContents) -> None:
    document = {k: v for k, v in as_document(contents).items() if not k.startswith("correction")}
    assert restore(document, figures_of(contents)) == contents


# --- the schema ------------------------------------------------------------------------------------------------


def test_documents_keep_to_the_published_schema(contents: ReturnContents, rich: ReturnContents) -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    for made in (contents, rich, replace(contents, due=date(2024, 1, 15)), replace(contents, due=None)):
        VALIDATOR.validate(as_document(made))


def test_the_schema_and_the_model_have_the_same_keys() -> None:
    """A key that is added, renamed or dropped in the model changes what was published: schema and version follow."""
    held = {name: set(shape["properties"]) for name, shape in schema()["$defs"].items() if name in DEFINED}
    assert held == {name: {f.name for f in fields(kind) if f.compare} for name, kind in DEFINED.items()}
    envelope = {"$schema", "kind", "schema_version", "how_to_read"}
    assert set(schema()["properties"]) == {f.name for f in fields(ReturnContents)} | envelope
    assert schema()["properties"]["schema_version"]["const"] == SCHEMA_VERSION


def test_the_schema_asks_for_every_key_and_no_other(rich: ReturnContents) -> None:
    document = as_document(replace(rich, sections=rich.sections[-1:], definitions=rich.definitions[:1]))
    one_of_each = {frozenset(place): place for place in _objects(document) if "text" not in place}
    assert len(one_of_each) == len(DEFINED) + 3  # the return, a definition, a symbol
    for keys, place in one_of_each.items():
        for key in keys:
            value = place.pop(key)
            assert not VALIDATOR.is_valid(document), f"{key} can be left out"
            place[f"{key}_renamed"] = value
            assert not VALIDATOR.is_valid(document), f"{key} can be renamed"
            place[key] = place.pop(f"{key}_renamed")
    VALIDATOR.validate(document)


def _objects(value: Any) -> list[dict[str, Any]]:
    found = [value] if isinstance(value, dict) else []
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else []:
        found += _objects(inner)
    return found


@pytest.mark.parametrize(
    "value",
    [
        {"number": 1}, {"text": "1", "number": "1"}, {"text": "1", "unit": "GBP"},
        {"text": "1", "number": 1, "unit": "furlongs"}, {"text": "[x]", "number": 0, "symbol": "[x]"},
        {"text": "[q]", "symbol": "[q]"},
    ],
)  # fmt: skip
def test_the_schema_refuses_values_that_contradict_themselves(contents: ReturnContents, value: dict[str, Any]) -> None:
    document = as_document(contents)
    document["headlines"][0]["value"] = value
    assert not VALIDATOR.is_valid(document)


def test_the_schema_knows_every_unit_and_symbol() -> None:
    shape = schema()["$defs"]["value"]["properties"]
    assert set(shape["symbol"]["enum"]) == set(printed.SYMBOLS)
    assert set(shape["unit"]["enum"]) == set(printed.UNITS)


def test_the_moment_says_that_it_is_utc(contents: ReturnContents) -> None:
    made = replace(contents, made_at=datetime(2024, 1, 5, 9, 0))
    assert as_document(made)["made_at"] == "2024-01-05T09:00:00Z"
    assert LANGUAGE == PDF_LANGUAGE
