"""The calendar of due dates: read by a calendar library, and byte by byte as RFC 5545 wants it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import icalendar
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.programme import Programme, parse_programme
from jobs.calendar import due_dates_ics
from tests.factories import PROGRAMME

TODAY = date(2024, 5, 20)
ADDRESS = "https://portal.example.org"
TEST = parse_programme({**PROGRAMME, "fund": {"name": "F", "return_due_day": 15}})
controls = st.sampled_from("\n\r\t\0\x0b;,\\:\"'£–ẞ漢🚓\u2028")
names = st.lists(st.one_of(st.text(max_size=40), controls), max_size=8).map("".join)


def events(*programmes: Programme, today: date = TODAY, address: str = ADDRESS) -> list[icalendar.Event]:
    read = icalendar.Calendar.from_ical(due_dates_ics(programmes, today, address))
    assert isinstance(read, icalendar.Calendar)
    return list(read.walk("VEVENT"))


def test_an_all_day_event_for_each_due_date_of_the_coming_year() -> None:
    found = events(TEST)
    assert len(found) == 13
    first = found[0]
    assert first["DTSTART"].dt == date(2024, 5, 15)
    assert first["DTEND"].dt == date(2024, 5, 16)
    assert first["SUMMARY"] == "Monthly return due: Test city, April 2024"
    assert first["URL"] == f"{ADDRESS}/returns?programme=TEST&month=2024-04"
    assert [alarm["TRIGGER"].dt for alarm in first.walk("VALARM")] == [timedelta(days=-2)]
    assert found[-1]["DTSTART"].dt == date(2025, 5, 15)


def test_the_same_event_stays_the_same_in_a_later_file() -> None:
    now = {event["UID"]: event.to_ical() for event in events(TEST)}
    later = {event["UID"]: event.to_ical() for event in events(TEST, today=date(2024, 7, 1))}
    assert len(now) == 13
    both = now.keys() & later.keys()
    assert len(both) == 11
    assert all(now[uid] == later[uid] for uid in both)
    assert due_dates_ics([TEST], TODAY, ADDRESS) == due_dates_ics([TEST], TODAY, ADDRESS)


def test_no_event_where_no_return_is_due() -> None:
    live_later = replace(TEST, service_live_from=date(2025, 3, 10))
    assert [event["DTSTART"].dt for event in events(live_later)] == [date(2025, 4, 15), date(2025, 5, 15)]
    for none_due in ({"return_due_day": None}, {"fund": ""}, {"service_live_from": None}):
        assert events(replace(TEST, **none_due)) == []


def test_without_an_address_there_is_no_link() -> None:
    assert all("URL" not in event for event in events(TEST, address=""))


@pytest.mark.parametrize("name", ["x" * 500, "漢" * 200, "£–" * 150, ",;" * 120])
def test_long_lines_are_folded_at_75_octets_and_no_character_is_cut(name: str) -> None:
    found = due_dates_ics([replace(TEST, name=name)], TODAY, ADDRESS)
    lines = found.split(b"\r\n")
    assert max(len(line) for line in lines) in (73, 74, 75)
    assert all(line.decode() for line in lines[:-1])
    assert events(replace(TEST, name=name))[0]["SUMMARY"] == f"Monthly return due: {name}, April 2024"


@given(name=names, due_day=st.integers(1, 28), today=st.dates(date(2023, 1, 1), date(2040, 12, 31)))
@settings(max_examples=30, deadline=None)
def test_whatever_a_programme_is_called(name: str, due_day: int, today: date) -> None:
    found = due_dates_ics([replace(TEST, name=name, return_due_day=due_day)], today, ADDRESS)
    assert found.endswith(b"END:VCALENDAR\r\n")
    lines = found.split(b"\r\n")
    assert not any(b"\n" in line or b"\r" in line for line in lines)
    assert all(len(line) <= 75 for line in lines)
    text = found.decode()  # no character is cut in two, not even between lines
    assert all(line.decode() for line in lines if line)
    unfolded = text.replace("\r\n ", "")
    assert unfolded.count("BEGIN:VEVENT") == unfolded.count("\r\nUID:") == 13
    read = icalendar.Calendar.from_ical(found)
    plain = "".join(c for c in name.replace("\r\n", "\n").replace("\r", "\n") if c == "\n" or c.isprintable())
    for event in read.walk("VEVENT"):
        assert event["SUMMARY"].startswith(f"Monthly return due: {plain}, ")
        assert event["DTSTART"].dt.day == due_day
        assert sorted(event.keys()) == sorted(
            ["UID", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "DESCRIPTION", "URL", "TRANSP"]
        )
