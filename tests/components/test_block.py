"""Chart, table and CSV of a block are three ways of writing one frame; spreadsheets cannot be made to run a cell."""

from __future__ import annotations

import ast
import csv
import io
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components import palette
from components.block import GRAPH_CONFIG, MOST_ROWS, Block, block_csv, frame_csv, graph, render_block
from components.columns import change, count, decimal, share, text, written
from components.figures import blank
from components.filter_bar import ALL, CUSTOM, filters_from_controls
from components.spark import spark
from components.table import data_table
from domain.formats import safe_cell
from domain.roles import Permission

ROOT = Path(__file__).resolve().parents[2]


def test_cells_are_written_as_their_column_says() -> None:
    frame = pd.DataFrame({"name": ["A"], "n": [1234], "harm": [0.04], "part": [0.326], "move": [-0.394]})
    columns = [
        text("name", "Name"),
        count("n", "Crimes"),
        decimal("harm", "Harm"),
        share("part", "Share, %"),
        change("move", "Change, %"),
    ]
    assert written(frame, columns) == [["A", "1,234", "[low]", "33%", "−39%"]]


def test_suppressed_is_not_unavailable_and_neither_is_nought() -> None:
    frame = pd.DataFrame({"n": [float("nan"), float("nan"), 0], "suppressed": [True, False, False]})
    assert written(frame, [count("n", "Crimes")]) == [["[c]"], ["[x]"], ["0"]]
    table = str(data_table(frame, [count("n", "Crimes")], "Crimes"))
    assert "suppressed" in table  # the symbol is explained under the table
    assert "unavailable" in table


def test_every_column_head_has_a_scope() -> None:
    table = data_table(pd.DataFrame({"a": ["x"], "n": [1]}), [text("a", "A"), count("n", "N")], "Caption").children[0]
    head, body = table.children[1], table.children[2]
    assert [c.scope for c in head.children.children] == ["col", "col"]
    assert body.children[0].children[0].scope == "row"


@given(st.text(max_size=12))
def test_no_cell_starts_like_a_formula(value: str) -> None:
    found = safe_cell(value)
    if found[:1] in ("=", "+", "-", "@", "\t", "\r"):
        float(found)  # only a number may keep its sign


@pytest.mark.parametrize("cell", ["=1+1", "@SUM(A1)", "+44 20", "-cmd", "\tx"])
def test_formulas_are_made_text(cell: str) -> None:
    row = list(csv.reader(io.StringIO(frame_csv(pd.DataFrame({"raw": [cell]})))))[1]
    assert row == [f"'{cell}"]


def test_no_chart_offers_to_share_data_with_a_cloud() -> None:
    chart = graph(blank(), "a", "label").children
    assert chart.config["showSendToCloud"] is False
    assert chart.config["plotlyServerURL"] == ""
    assert GRAPH_CONFIG["displaylogo"] is False


def _block(**more: object) -> Block:
    return Block(
        id="b", title="T", permission=Permission.VIEW_TRENDS, frame=lambda view: pd.DataFrame({"n": [1]}),
        sentence=lambda frame, view: "S", caption=lambda view: "C", columns=lambda view: [count("n", "N")],
        covers=lambda view: "all", **more,
    )  # fmt: skip


def _view() -> Any:
    programme = SimpleNamespace(code="X&Y", demonstration=False, source="", force="F")
    filters = SimpleNamespace(to_query=lambda: "programme=X")
    return SimpleNamespace(programme=programme, filters=filters, data_as_at=lambda: "today", path_code="", query={})


def test_a_block_says_why_it_matters_and_how_it_misleads_in_the_open_and_in_its_csv() -> None:
    block = _block(why="It counts.", misleads="It may not.")
    drawn = render_block(block, _view())
    about = [part for part in drawn.children if getattr(part, "className", "") == "about"]
    assert [[child for child in part.children if isinstance(child, str)] for part in about] == [
        ["It counts."],
        ["It may not."],
    ]
    assert "How it can mislead: It may not." in block_csv(block, _view())


def test_a_block_links_to_its_methods_by_title_even_where_it_has_nothing_to_show() -> None:
    empty = replace(
        _block(methods=("did", "e-test")), frame=lambda view: pd.DataFrame(), if_empty=lambda view: ("w", "d")
    )
    said = str(render_block(empty, _view(), method_titles={"did": "Differences"}))
    assert "A(children='Differences', href='/methods/did?programme=X%26Y')" in said
    assert "/methods/e-test?programme=X%26Y" in said


def test_a_very_long_table_says_what_it_leaves_to_the_csv() -> None:
    rows = MOST_ROWS + 7
    long = replace(_block(), frame=lambda view: pd.DataFrame({"n": range(rows)}))
    said = str(render_block(long, _view()))
    assert f"The first {MOST_ROWS:,} of {rows:,} rows." in said
    assert said.count("Th(children=") == MOST_ROWS + 1
    assert block_csv(long, _view()).splitlines()[-1] == str(rows - 1)
    assert "The first" not in str(render_block(_block(), _view()))


def test_a_block_without_them_has_no_empty_paragraphs() -> None:
    assert "How" not in str(render_block(_block(), _view()))


def test_graphs_are_made_in_one_place_only() -> None:
    """Another dcc.Graph would miss the settings above."""
    makers = []
    for path in [p for folder in ("components", "pages", "access", "reports") for p in (ROOT / folder).rglob("*.py")]:
        tree = ast.parse(path.read_text())
        makers += [path.name for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr == "Graph"]
    assert makers == ["block.py"]


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30), st.integers(0, 29))
def test_map_numbers_can_be_read_on_every_shade(values: list[float], which: int) -> None:
    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    fill = palette.shade(values[which % len(values)], palette.class_breaks(values))
    one, other = sorted([luminance(fill), luminance(palette.text_on(fill))])
    assert (other + 0.05) / (one + 0.05) >= 4.5


def test_a_spark_line_has_words_and_skips_gaps() -> None:
    picture = spark([1, None, 3], "Crimes by month")
    assert picture is not None
    assert picture.alt == "Crimes by month"
    assert spark([None, 2], "x") is None


def test_controls_say_what_the_address_says() -> None:
    assert filters_from_controls("DEMO", ALL, "2023-02-01_2024-01-31", "2020-01", "2020-02", "")["from"] == "2023-02-01"
    chosen = filters_from_controls("DEMO", "HS1", CUSTOM, "2020-01", "2020-02", "year-before")
    assert (chosen["spots"], chosen["from"], chosen["to"]) == ("HS1", "2020-01", "2020-02")


def test_one_far_place_does_not_turn_all_others_alike() -> None:
    values = [845, 983, 1036, 1106, 1209, 1591, 1760, 2092, 2706, 11151]
    breaks = palette.class_breaks(values)
    shades = [palette.shade(v, breaks) for v in values]
    assert len(set(shades)) == 5
    assert [palette.SEQUENTIAL.index(s) for s in shades] == sorted(palette.SEQUENTIAL.index(s) for s in shades)
    assert palette.shade(None, breaks) == palette.NO_VALUE


def test_a_name_from_a_file_cannot_put_a_link_into_a_chart() -> None:
    hostile = '<a href="https://evil.example">Clock Tower</a>'
    figure = blank()
    figure.add_scatter(x=[hostile], y=[1], name=hostile, text=[hostile])
    figure.add_annotation(text=f"<b>3</b> {hostile}")
    drawn = str(graph(figure, "a", "label").children.figure)
    assert "<a" not in drawn
    assert "</a" not in drawn
    assert "<b>3</b>" in drawn
