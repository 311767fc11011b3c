"""Numbers read back from printed text: everything that the portal prints as a number, and nothing else."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain import formats
from reports.data_files.printed import read_printed


@pytest.mark.parametrize(
    ("text", "number", "unit"),
    [
        ("0", 0, ""), ("5,883", 5883, ""), ("279.5", 279.5, ""), ("1,234,567", 1234567, ""), ("+1", 1, ""),
        ("−8", -8, ""), ("£20,878", 20878, "GBP"), ("−£5.50", -5.5, "GBP"), ("+£3", 3, "GBP"), ("81%", 81, "%"),
        ("−39%", -39, "%"), ("+0.5%", 0.5, "%"), ("4 minutes", 4, "minutes"), ("1 minute", 1, "minutes"),
        ("0.14 km²", 0.14, "km²"),
    ],
)  # fmt: skip
def test_a_printed_number_is_read(text: str, number: float, unit: str) -> None:
    found = read_printed(text)
    assert (found.number, found.unit, found.symbol, found.text) == (number, unit, "", text)
    assert type(found.number) is type(number)


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "2023", "2023-24", "7 of 7", "0.84 (0.57 to 1.25)", "1 Clock Tower", "12,34", "1,2345", "01", "-5",
        "−", "£", "%", "£5%", "5 £", "5 %", ".5", "5.", "1e3", "nan", "infinity", "no upper limit", "٣", "1\n", " 1", "1_000",
        "Dec 2023", "[q]", "[x] ", "++1", "123,456,789,012,345,678", "0.1234567890123456", "0x1",
    ],
)  # fmt: skip
def test_what_is_not_one_printed_number_stays_a_text(text: str) -> None:
    found = read_printed(text)
    assert (found.number, found.unit, found.symbol, found.text) == (None, "", "", text)


@pytest.mark.parametrize("symbol", ["[x]", "[z]", "[c]", "[low]", "[u]"])
def test_a_symbol_is_no_number(symbol: str) -> None:
    assert read_printed(symbol).as_json() == {"text": symbol, "symbol": symbol}


@settings(max_examples=200, deadline=None)
@given(
    st.floats(-1e9, 1e9, allow_nan=False), st.integers(0, 3),
    st.sampled_from([formats.number, formats.pounds, formats.percent, formats.signed_percent]),
)  # fmt: skip
def test_whatever_the_portal_prints_is_read_as_it_was_rounded(value: float, decimals: int, write: object) -> None:
    text = write(value, decimals)  # type: ignore[operator]
    found = read_printed(text)
    if text == formats.LOW:
        assert found.symbol == formats.LOW
        return
    scale = 100 if write in (formats.percent, formats.signed_percent) else 1
    assert found.number == float(f"{value * scale:.{decimals}f}")
    assert found.stored == pytest.approx(found.number / scale, rel=1e-15)
    assert found.unit == ("%" if scale == 100 else "GBP" if write is formats.pounds else "")
    assert Decimal(found.plain).as_tuple().exponent == -decimals
