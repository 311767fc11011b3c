"""The shipped biases are what the simulation gives, and move rates the way they say."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis.dosage import shipped_bias
from analysis.dosage.simulation import STYLES
from benchmarks import ship_bias


def test_a_smaller_measurement_agrees() -> None:
    shipped = {(b.style, b.interval_s): b for b in shipped_bias.MEASURED}
    assert set(shipped) == {(style, s) for style in STYLES for s in ship_bias.INTERVALS_S}
    for found in ship_bias.measure(seeds=1, walkers=30):
        if found.interval_s <= 120:
            held = shipped[found.style, found.interval_s]
            assert found.rules == pytest.approx(held.rules, abs=0.03)
            assert found.plain == pytest.approx(held.plain, abs=0.03)


def test_what_is_written_is_what_is_shipped() -> None:
    text = Path(shipped_bias.__file__).read_text(encoding="utf-8")
    assert ship_bias.rows(list(shipped_bias.MEASURED)) in text


def test_between_measured_intervals_and_beyond_them() -> None:
    low, high = (shipped_bias.spread(s)[0] for s in (300, 120))
    assert low < shipped_bias.spread(200)[0] < high
    assert shipped_bias.spread(9_000) == shipped_bias.spread(300)


def test_the_same_minutes_missed_move_a_rate_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """£100 over 100 true minutes each: £100 / 125 against £100 / 80 looks 36% cheaper, £100 / 100 against £100 / 100 alike."""
    invented = [shipped_bias.Bias("slow", 10, 0.25, 0), shipped_bias.Bias("quick", 10, 0.0, 0)]
    invented += [shipped_bias.Bias("slow", 100, -0.2, 0), shipped_bias.Bias("quick", 100, 0.0, 0)]
    monkeypatch.setattr(shipped_bias, "MEASURED", tuple(invented))
    assert shipped_bias.rate_error(10, 100) == pytest.approx((-0.36, 0.0))
    assert shipped_bias.rate_error(100, 10) == pytest.approx((0.0, 100 / 80 / (100 / 125) - 1))
