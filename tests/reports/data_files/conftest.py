"""A return with everything in it that a data file could stumble over."""

from __future__ import annotations

from dataclasses import replace

import plotly.graph_objects as go
import pytest

from domain.return_template import ReturnField
from reports.model import Chart, DataTable, Entry, Fact, Headline, ReturnContents, Section, Story

NARRATIVE = '=HYPERLINK("x")  two spaces\r\nNext line\twith a tab,\n\nand a vertical\x0btab as Word pastes it. <b>&amp;</b> £ − “q”'
TABLES = (
    DataTable(
        "Everything that a cell can hold, a caption far longer than a sheet's name",
        ("Place", "Change", "change", "", "Money", "Share", "Time", "Words"),
        (
            ("1", "+5", "−8", "[x]", "−£1,234.50", "+0.5%", "1 minute", "12"),
            ("=1+1", "[c]", "0", "[low]", "£0.00", "1,234%", "2.5 hours", "[u]"),
            ("-2", "7 of 7", "[z]", "2023", "£1,234,567", "−39%", "12 km²", ""),
        ),
        (7,), "@note",
    ),
    DataTable("No rows", ("Head", "Another"), ()),
    DataTable("Ragged", ("Only one head",), (("a", "1", "2,000"), ("b",))),
    DataTable("Ragged", ("The same caption", "Value"), (("a", "1"),)),
)  # fmt: skip


@pytest.fixture(scope="session")
def rich(contents: ReturnContents) -> ReturnContents:
    """The fixture's return, a correction of it, with a section of hard cases, marked and worded as nobody hopes."""
    field = ReturnField("Z", "hard", "Hard cases: [all] of 'them'", "table", "M", "What is hard.")
    figure = go.Figure(go.Bar(x=["a"], y=[1]))
    entry = Entry(
        field,
        facts=(Fact("+Label", "−£5", "-note"), Fact("Nothing", "", ""), Fact("Year", "2023", "not a number")),
        tables=TABLES,
        charts=(Chart("hard", "A chart", "It reads.", "Its caption.", TABLES[3], figure),),
        sentences=("@SUM(A1)", " leading and trailing "),
        texts=(("Highlights", NARRATIVE),),
        stories=(Story("CS9", "Theme", "-Title", "S " * 900, "A\nB", "O"),),
    )
    hard = Section("Z", "Cover: a/b? *'", (entry,))
    return replace(
        contents, sections=(*contents.sections, hard), marking="OFFICIAL-SENSITIVE", handling="Handle with care.",
        correction_reason="A file came late.", headlines=(*contents.headlines, Headline("More", "+£3", "d")),
        corrections=DataTable("What this version changes", ("Place", "Earlier"), (("Visits", "1,200"),), (1,)),
    )  # fmt: skip
