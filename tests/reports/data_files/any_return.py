"""Returns of every shape that the model allows, for property-based tests."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC
from typing import Any

import plotly.graph_objects as go
from hypothesis import strategies as st

from domain.return_template import ReturnField
from reports.model import Chart, DataTable, Entry, Fact, Headline, ReturnContents, Section, Story


def any_return() -> st.SearchStrategy[ReturnContents]:
    texts = st.one_of(st.text(max_size=8), st.sampled_from(["[x]", "−£1,234.50", "81%", "2023", "0", ""]))
    some = st.lists(texts, max_size=3).map(tuple)
    pairs = st.lists(st.tuples(texts, texts), max_size=2).map(tuple)

    def many(one: st.SearchStrategy[Any], most: int = 2) -> st.SearchStrategy[Any]:
        return st.lists(one, max_size=most).map(tuple)

    table = st.builds(
        DataTable, texts, some, many(some, 3), st.lists(st.integers(0, 5), max_size=2).map(tuple), texts, st.booleans()
    )
    chart = st.builds(Chart, st.just("one"), texts, texts, texts, table, st.just(go.Figure()))
    fact = st.builds(Fact, texts, texts, texts)
    field = st.builds(ReturnField, *[texts] * 6)
    story = st.builds(Story, *[texts] * 6)
    entry = st.builds(Entry, field, many(fact), many(table), many(chart, 1), some, pairs, many(story))
    section = st.builds(Section, texts, texts, many(entry), st.booleans())
    moments = st.datetimes(timezones=st.sampled_from([None, UTC]))
    by_name = {
        "demonstration": st.booleans(), "made_at": moments, "summary": some, "sections": many(section),
        "headlines": many(st.builds(Headline, texts, texts, texts)), "definitions": pairs, "symbols": pairs,
        "notes": some, "due": st.none() | st.dates(), "corrections": st.none() | table,
    }  # fmt: skip
    return st.builds(ReturnContents, **{f.name: by_name.get(f.name, texts) for f in fields(ReturnContents)})
