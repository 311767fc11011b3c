"""Review pages on a made programme: the real sections and blocks, inputs without a database."""

from __future__ import annotations

import json
from typing import Any

import pytest

from analysis.evaluation.inputs import Inputs
from analysis.evaluation.suite import run_section
from components.block import Block, render_block
from components.view import View
from data_access.evaluation import sections


def give_inputs(monkeypatch: pytest.MonkeyPatch, inputs: Inputs) -> None:
    """Every section asked for is made from ``inputs``."""
    made: dict[Any, Any] = {}

    def section(_scope: Any, _code: str, name: str, **choices: str) -> Any:
        key = (name, tuple(sorted(choices.items())))
        if key not in made:
            made[key] = run_section(name, inputs, choices)
        return made[key]

    monkeypatch.setattr(sections, "section", section)


def rendered(block: Block, view: View) -> str:
    """Everything the block puts on the page, as text."""
    found = render_block(block, view).to_plotly_json()
    return json.dumps(found, default=lambda c: c.to_plotly_json(), ensure_ascii=False)
