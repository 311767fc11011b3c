"""Blocks of monitoring and robustness say something, nothing causal; these and those of cost say when nothing is loaded."""

import pytest

from analysis.evaluation.claims import causal_words
from analysis.evaluation.inputs import Inputs
from pages.evaluation import _economics_blocks, _monitoring_blocks, _robustness_blocks
from tests.analysis.evaluation.pooling.made_programme import made_inputs
from tests.data_access.evaluation.conftest import configured, database  # noqa: F401 (fixtures)
from tests.pages.review_sections import give_inputs, rendered
from tests.pages.test_evaluation_blocks import view_of

BLOCKS = [*_monitoring_blocks.BLOCKS, *_robustness_blocks.BLOCKS]


@pytest.fixture(scope="module")
def made():
    return made_inputs(ratio=0.6)


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.id)
def test_every_block_says_something_and_nothing_causal(block, made, monkeypatch):
    give_inputs(monkeypatch, made)
    view = view_of("TEST")
    frame = block.frame(view)
    assert len(frame)
    assert block.sentence(frame, view)
    assert causal_words(f"{block.sentence(frame, view)} {block.caption(view)}") == []
    assert block.why
    assert block.misleads
    assert block.title in rendered(block, view)


@pytest.mark.parametrize("block", [*BLOCKS, *_economics_blocks.BLOCKS], ids=lambda block: block.id)
def test_nothing_loaded_is_said_and_not_drawn(block, monkeypatch):
    give_inputs(monkeypatch, Inputs("TEST", "Test city", "hot spots", "month"))
    said = rendered(block, view_of("TEST"))
    assert "Nothing to show." in said
    assert "Graph" not in said
