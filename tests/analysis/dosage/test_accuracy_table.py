"""The accuracy table's own claim, on a small run: at five minutes only the bridge is near the truth."""

from __future__ import annotations

import pytest

from benchmarks.accuracy import HEADS, MIXES, by_interval, rows


@pytest.fixture(scope="module")
def found():  # type: ignore[no-untyped-def]
    return rows((10.0, 300.0), tuple(MIXES)[:3], walkers=30)


def test_at_five_minutes_the_bridge_is_nearest_and_its_range_covers(found) -> None:  # type: ignore[no-untyped-def]
    sparse = [row for row in found if row.interval_s == 300]
    assert len(sparse) == 3
    for row in sparse:
        assert abs(row.bridge_patrol) < 0.06
        assert abs(row.bridge_patrol) < abs(row.rules_patrol)
        assert row.coverage >= 0.9 > row.bare_coverage
        assert row.covered_total


def test_dense_rules_are_nearer_than_exact_crossings_alone(found) -> None:  # type: ignore[no-untyped-def]
    dense = [row for row in found if row.interval_s == 10]
    assert all(abs(row.rules_person) < abs(row.plain_person) for row in dense)
    lines = by_interval(found)
    assert [line[0] for line in lines] == ["10", "300"]
    assert all(len(line) == len(HEADS) for line in lines)
