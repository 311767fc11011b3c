"""Methods says what is measured, from the data it was measured in, and what is not known."""

from __future__ import annotations

import json

import pytest

from analysis.dosage import shipped_bias
from analysis.dosage.shipped_calibration import MEASURED
from domain import formats
from pages._counting_methods import parts


@pytest.fixture(scope="module")
def said() -> str:
    return json.dumps(parts(45), default=lambda part: part.to_plotly_json(), ensure_ascii=False)


def test_every_measured_bias_and_coverage_is_shown(said: str) -> None:
    table = said[said.index("methods-bridge") - 6000 :]
    for row in MEASURED:
        assert f'"{formats.percent(row.bias_share, 1)}"' in table
        assert f'"{formats.percent(row.coverage, 1)}"' in table
    for bias in shipped_bias.MEASURED:
        assert f'"{formats.percent(bias.rules, 1)}"' in said


def test_how_long_positions_stay_is_the_setting(said: str) -> None:
    assert "45 days later its positions are due to be removed" in said


def test_it_says_how_it_misleads_and_what_is_not_known(said: str) -> None:
    assert said.index("How counted minutes can mislead") < said.index("What is not known")
    assert "Nobody knows the true minutes of real patrols" in said
