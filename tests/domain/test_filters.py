"""A link says what the page shows: filters survive the trip through the address, and bad ones are said."""

from __future__ import annotations

from datetime import date, timedelta
from urllib.parse import parse_qsl

from hypothesis import given
from hypothesis import strategies as st

from domain.filters import BEFORE_SERVICE, YEAR_BEFORE, FilterDefaults, Filters
from domain.periods import Period

NAMES = {"HS1": "Clock Tower", "HS2": "Haymarket", "HS3": "Market Place"}
DEFAULTS = FilterDefaults(
    "DEMO", "Leicester city centre", Period(date(2023, 2, 1), date(2024, 1, 31)), NAMES,
    before_window=Period(date(2022, 3, 1), date(2023, 1, 31)), during_window=Period(date(2023, 2, 1), date(2024, 1, 31)),
)  # fmt: skip

days = st.dates(date(2000, 1, 1), date(2060, 12, 31))


@given(
    start=days,
    length=st.integers(0, 900),
    spots=st.sets(st.sampled_from(sorted(NAMES))),
    compare=st.sampled_from([YEAR_BEFORE, BEFORE_SERVICE]),
)
def test_what_is_written_to_the_address_is_read_back(start: date, length: int, spots: set[str], compare: str) -> None:
    chosen = tuple(code for code in NAMES if code in spots)
    period = DEFAULTS.period if compare == BEFORE_SERVICE else Period(start, start + timedelta(days=length))
    filters = Filters("DEMO", period, chosen, compare)
    assert Filters.parse(dict(parse_qsl(filters.to_query())), DEFAULTS) == filters


@given(st.dictionaries(st.sampled_from(["from", "to", "spots", "compare", "x"]), st.text(max_size=20)))
def test_any_query_string_gives_usable_filters(query: dict[str, str]) -> None:
    filters = Filters.parse(query, DEFAULTS)
    assert filters.period.start <= filters.period.end
    assert set(filters.hot_spots) <= set(NAMES)
    assert filters.sentence(DEFAULTS).startswith("Leicester city centre, ")


def test_the_sentence_names_what_is_shown() -> None:
    filters = Filters.parse({"spots": "HS2", "from": "2023-02", "to": "2023-03"}, DEFAULTS)
    assert filters.sentence(DEFAULTS) == (
        "Leicester city centre, Haymarket, Feb 2023 to Mar 2023, "
        "compared with the same months a year before (Feb 2022 to Mar 2022)"
    )


def test_what_cannot_be_used_is_said() -> None:
    filters = Filters.parse({"from": "soon", "spots": "HS9", "compare": "luck"}, DEFAULTS)
    assert filters.period == DEFAULTS.period
    assert [p.split()[0] for p in filters.problems] == ["“soon”", "No", "That"]


def test_ends_in_the_wrong_order_are_swapped_and_said() -> None:
    filters = Filters.parse({"from": "2023-06", "to": "2023-01"}, DEFAULTS)
    assert filters.period == Period(date(2023, 1, 1), date(2023, 6, 30))
    assert "ended before it started" in filters.problems[0]


def test_the_window_before_is_not_set_beside_a_period_of_another_length() -> None:
    filters = Filters.parse({"from": "2019-10", "to": "2024-01", "compare": BEFORE_SERVICE}, DEFAULTS)
    assert filters.compare == YEAR_BEFORE
    assert "only with the evaluation window" in filters.problems[0]
