"""The benches' harness: a bench owns its section of the document, and rounds are interleaved."""

from __future__ import annotations

import pytest

from benchmarks.harness import Sizes, Spread, interleaved, table, write_section


def test_a_bench_replaces_its_own_section_and_no_other(tmp_path):
    document = tmp_path / "benchmarks.md"
    write_section("one", "One", "first", document=document)
    write_section("two", "Two", "second", document=document)
    write_section("one", "One", r"again, \1 and all", document=document)
    text = document.read_text()
    assert text.count("## One") == text.count("## Two") == 1
    assert "first" not in text
    assert r"again, \1 and all" in text
    assert "second" in text
    assert text.index("## One") < text.index("## Two")


def test_every_round_runs_every_case_and_begins_with_another():
    ran: list[str] = []
    found = interleaved({name: lambda name=name: ran.append(name) for name in "abc"}, 3, warm_up=False)
    assert "".join(ran) == "abcbcacab"
    assert {name: len(spread.seconds) for name, spread in found.items()} == {"a": 3, "b": 3, "c": 3}


def test_the_median_stands_with_its_spread():
    spread = Spread((2.0, 1.0, 4.0))
    assert (spread.median, spread.rate(2_000_000)) == (2.0, "1 (0.5–2)")
    assert table(["a", "b"], [[1, "x|y"]]).splitlines() == ["| a | b |", "| --- | --- |", "| 1 | x\\|y |"]


def test_sizes_come_from_the_environment(monkeypatch):
    monkeypatch.setenv("BENCH_PINGS", "1e6,1e7")
    assert Sizes.from_environment().pings == (1_000_000, 10_000_000)
    monkeypatch.setenv("BENCH_PINGS", "many")
    with pytest.raises(SystemExit, match="BENCH_PINGS is “many”"):
        Sizes.from_environment()
