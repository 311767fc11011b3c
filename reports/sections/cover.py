"""Sections A and K: what this return is, and who signs it."""

from __future__ import annotations

from domain import formats
from reports.freshness import reach
from reports.model import Entry, Fact
from reports.source import Source


def return_id(s: Source) -> str:
    return f"{s.code}-{s.month}"


def cover(s: Source) -> tuple[Entry, ...]:
    """Section A."""
    p = s.programme
    due = (
        Fact("Due date", formats.day(s.due), "As set for this fund.")
        if s.due
        else s.missing(
            "A", "reporting_month", "No due day is set for this fund in the programme's settings.", "Due date"
        )
    )
    written = s.version.last_written
    loaded = formats.day_time(s.as_at.last_load) + " UTC" if s.as_at.last_load else formats.UNAVAILABLE
    return (
        s.entry("A", "return_id", facts=(
            Fact("Return", return_id(s)),  # version and status: reports.standing
            Fact("Status", ""),
            Fact("Template", s.template.words, s.template.about),
        )),
        s.entry("A", "force_area", facts=(
            _given("Force area", p.force), _given("Grant recipient", p.recipient), _given("Area reported", p.area_name),
        )),
        s.entry("A", "fund_name", facts=(
            _given("Fund", p.fund), _given("Grant reference", p.grant_reference),
            _given("Grant power", p.grant_power), _given("Grant year", p.grant_year, f"The month lies in {s.financial_year}."),
        )),
        s.entry("A", "reporting_month", facts=(
            Fact("Month", formats.period(s.period), f"{formats.day(s.period.start)} to {formats.day(s.period.end)}"),
            Fact("Data cut-off", loaded, f"Last load; {reach(s.as_at)}."), due,
        )),
        s.entry("A", "security_marking", facts=(Fact("Marking", p.marking, p.handling),)),
        s.entry("A", "preparer", facts=(
            Fact("Preparer", written.who, "Last wrote on it.") if written
            else s.missing("A", "preparer", "Nobody has saved a narrative for this month yet.", "Preparer"),
            _given("Contact", p.contact),
        )),
    )  # fmt: skip


def _given(label: str, value: str, note: str = "") -> Fact:
    if value:
        return Fact(label, value, note)
    return Fact(label, formats.UNAVAILABLE, "Not set in the programme's settings.")


def sign_off(s: Source) -> tuple[Entry, ...]:
    """Section K; who has signed comes from the register (reports.standing)."""
    return (s.entry("K", "prepared"),)
