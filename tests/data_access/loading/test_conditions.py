"""Events and weather by day, and the role of other places."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data_access import schema as s
from data_access.loading import LoadRefused
from data_access.loading.readers import conditions
from data_access.loading.reading import Context
from data_access.loading.result import LoadOptions
from data_access.loading.source_file import SourceFile
from tests.data_access.loading.conftest import TODAY

HEADER = "date,event,rain_mm,temperature_c\n"


def reasons(door):
    return list(door.rows(s.reject)[["field", "reason"]].itertuples(index=False, name=None))


def test_a_day_keeps_what_was_measured_and_nothing_else(door):
    result = door.load("conditions", HEADER + "2023-02-13,1,0.4,7.5\n14/02/2023,no,,-2\n2023-02-15,,0,\n")
    assert (result.read, result.loaded, result.rejected) == (3, 3, 0)
    found = door.rows(s.condition_day)[list(conditions.MEASURES)]
    assert found.to_numpy().tolist() == [[1, 0.4, 7.5], [0, None, -2.0], [None, 0.0, None]]


@pytest.mark.parametrize(
    ("row", "field", "words"),
    [
        ("2023-02-13,maybe,,", "event", "neither 1"),
        ("2023-02-13,,-1,", "rain_mm", "outside 0 to 350"),
        ("2023-02-13,,,68", "temperature_c", "check the unit"),
        ("2023-02-13,,wet,", "rain_mm", "not a number"),
        ("2023-02-13,,,", "date", "says nothing"),
        ("2033-02-13,1,,", "date", "in the future"),
        ("2023-02-14,0,1,1", "date", "something else about this day"),
    ],
)
def test_a_row_that_cannot_be_used_is_rejected_with_its_reason(door, row, field, words):
    door.load("conditions", HEADER + "2023-02-14,1,1,1\n" + row + "\n")
    [(found, reason)] = reasons(door)
    assert found == field
    assert words in reason


def test_a_file_without_any_measure_is_refused(door):
    with pytest.raises(LoadRefused):
        door.load("conditions", "date,wind\n2023-02-13,4\n")


def test_a_newer_file_of_the_same_days_replaces_the_older(door):
    door.load("conditions", HEADER + "2023-02-13,0,1,1\n2023-02-14,0,1,1\n")
    door.load("conditions", HEADER + "2023-02-13,1,1,1\n2023-02-14,0,1,1\n")
    assert door.rows(s.condition_day)["event"].tolist() == [1, 0]


CELL = st.one_of(
    st.sampled_from(["", "0", "1", "yes", "No", "nan", "1e400", "-0", "0.0", "12,5", "–1", "٣"]),
    st.floats(-500, 500).map(lambda x: f"{x:.2f}"),
    st.text(st.characters(blacklist_characters=',\n\r"\0;\t|', blacklist_categories=("Cs",)), max_size=6),
)
DAY = st.one_of(
    st.dates(date(2023, 1, 1), date(2023, 1, 20)).map(str), st.sampled_from(["", "13/01/2023", "2023-02-30"])
)


@given(st.lists(st.tuples(DAY, CELL, CELL, CELL), min_size=1, max_size=12))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_the_cells_every_row_is_accounted_for_and_what_is_kept_is_possible(rows):
    text = HEADER + "".join(",".join(row) + "\n" for row in rows)
    file = SourceFile(name="conditions.csv", data=text.encode(), sha256="")
    try:
        parsed = conditions.read(Context(file=file, programme=None, options=LoadOptions(), today=TODAY))
    except LoadRefused:
        return  # the file as a whole, with nothing stored
    assert parsed.rows.read == len(rows)
    assert sum(parsed.rows.count(state) for state in (0, 1, 2)) == len(rows)
    good = parsed.good()
    assert good["local_date"].is_unique
    assert good["event"].dropna().isin((0, 1)).all()
    assert good["rain_mm"].dropna().between(0, conditions.MOST_RAIN_MM).all()
    assert good["temperature_c"].dropna().between(conditions.COLDEST_C, conditions.WARMEST_C).all()
    assert good[list(conditions.MEASURES)].notna().any(axis=1).all()


def test_other_places_are_comparators_unless_they_could_have_been_chosen(door):
    text = "month,place,crimes,role\n2023-02,Derby,5,\n2023-02,North Street,2,Candidate\n2023-03,North Street,2,comparator\n2023-04,X,1,rival\n"
    result = door.load("comparators", text)
    assert (result.loaded, result.rejected) == (2, 2)
    found = door.rows(s.comparator)[["place", "role"]]
    assert found.to_numpy().tolist() == [["Derby", "comparator"], ["North Street", "candidate"]]
    assert [field for field, _ in reasons(door)] == ["role", "role"]
