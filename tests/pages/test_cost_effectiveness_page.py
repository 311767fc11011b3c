"""Cost-effectiveness page: no upper limit is printed as such, and no sentence says that money bought a fall."""

import csv
import io
from dataclasses import replace

import pytest

from analysis.evaluation.claims import causal_words
from components.block import block_csv
from pages.evaluation import _economics_blocks as blocks
from tests.analysis.evaluation.pooling.made_programme import made_inputs
from tests.data_access.evaluation.conftest import configured, database  # noqa: F401 (fixtures)
from tests.pages.review_sections import give_inputs, rendered
from tests.pages.test_evaluation_blocks import view_of


def test_a_change_that_may_be_none_has_no_upper_limit_anywhere(monkeypatch):
    give_inputs(monkeypatch, made_inputs(ratio=0.9, rate=20))
    view = view_of("TEST")
    frame = blocks.COSTS.frame(view)
    assert "so there may be no gain at any price" in blocks.COSTS.sentence(frame, view)
    said = rendered(blocks.COSTS, view)
    assert "no upper limit" in said
    cells = [cell for row in csv.reader(io.StringIO(block_csv(blocks.COSTS, view))) for cell in row]
    assert "no upper limit" in cells
    assert "inf" not in cells


@pytest.mark.parametrize("ratio", [0.3, 1.0, 1.6])
def test_no_sentence_says_that_the_money_bought_it(ratio, monkeypatch):
    give_inputs(monkeypatch, made_inputs(ratio=ratio, rate=20))
    view = view_of("TEST")
    for block in blocks.BLOCKS:
        assert causal_words(block.sentence(block.frame(view), view)) == []


def test_spend_alone_is_listed_when_no_change_can_be_given(monkeypatch):
    bare = made_inputs()
    give_inputs(monkeypatch, replace(bare, cells=bare.cells.iloc[0:0], places=bare.places.iloc[0:0]))
    view = view_of("TEST")
    assert "Nothing to show." in rendered(blocks.COSTS, view)
    assert "£100,000 was spent" in rendered(blocks.SPEND, view)
