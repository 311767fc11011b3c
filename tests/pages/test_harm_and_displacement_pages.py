"""Harm and displacement pages on the small database: every block draws and explains itself; outlines of rings nest."""

from __future__ import annotations

import importlib
from itertools import pairwise

import dash
import pytest
import shapely
from shapely.geometry import shape

from analysis.evaluation.claims import causal_words
from analysis.evaluation.displacement.bands import RINGS
from data_access.evaluation.rings import ring_outlines
from domain.roles import Role
from domain.scope import OutOfScope, scope_for
from tests.data_access.evaluation.conftest import configured, database  # noqa: F401 (fixtures)
from tests.pages.test_evaluation_blocks import view_of


@pytest.fixture(params=["harm", "displacement"])
def page(request, monkeypatch):
    monkeypatch.setattr(dash, "register_page", lambda *args, **kwargs: None)
    return importlib.import_module(f"pages.evaluation.{request.param}")


@pytest.mark.parametrize("code", ["TEST", "MONTHS"])
def test_every_block_reads_or_says_why_it_cannot(page, code):
    view = view_of(code, Role.REVIEWER)
    drawn = 0
    for block in page.PAGE.blocks:
        frame = block.frame(view)
        if frame.empty:
            why, what = block.if_empty(view)
            assert why.endswith(".")
            assert what
            continue
        drawn += 1
        assert causal_words(block.sentence(frame, view)) == []
        assert {column.name for column in block.columns(view)} <= set(frame.columns), block.id
        if block.figure:
            assert block.figure(frame, view).data, block.id
    assert drawn or code == "MONTHS"


def test_each_ring_holds_the_narrower_ones():
    found = ring_outlines(scope_for("r@example.org", Role.REVIEWER, frozenset({"TEST"})), "TEST")
    assert [one["band"] for one in found] == [*RINGS[::-1], "inside"]
    shapes = [shape(one["geometry"]) for one in found]
    for wide, narrow in pairwise(shapes):
        assert shapely.area(shapely.difference(narrow, wide)) < 1e-3 * shapely.area(narrow)
        assert shapely.area(wide) > shapely.area(narrow)


def test_outlines_are_for_those_who_inspect_the_evaluation():
    with pytest.raises(OutOfScope):
        ring_outlines(scope_for("f@example.org", Role.FUNDER, frozenset({"TEST"})), "TEST")
