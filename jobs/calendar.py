"""Due dates of monthly returns as a calendar file (RFC 5545): the same bytes on the same day."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from domain.periods import add_months, month_of
from domain.programme import Programme
from jobs.schedule import address
from reports.source import due_date

MONTHS_AHEAD = 12
LINE_OCTETS = 75
_ESCAPES = {"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n"}


def due_dates_ics(programmes: Sequence[Programme], today: date, portal_address: str) -> bytes:
    """An all-day event for each due date from this month's to a year ahead, with a reminder two days before."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Hot spots reporting portal//Monthly returns//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
    ]
    for programme in sorted(programmes, key=lambda p: p.code):
        for month, due in _due_dates(programme, today):
            lines += _event(programme, month, due, portal_address)
    lines.append("END:VCALENDAR")
    return b"".join(_folded(line) for line in lines)


def _due_dates(programme: Programme, today: date) -> Iterator[tuple[str, date]]:
    """Months whose return falls due, from the one due this month: none before the service was live, or without a fund."""
    live = programme.service_live_from
    if live is None or not programme.fund:
        return
    for offset in range(MONTHS_AHEAD + 1):
        month = month_of(add_months(today.replace(day=1), offset - 1))
        due = due_date(programme, month)
        if due and month >= month_of(live):
            yield month, due


def _event(programme: Programme, month: str, due: date, portal_address: str) -> list[str]:
    covered = date.fromisoformat(f"{month}-01")
    title = f"Monthly return due: {programme.name}, {covered:%B %Y}"
    link = address(portal_address, programme.code, month) if portal_address else ""
    return [
        "BEGIN:VEVENT",
        f"UID:return-due-{programme.code.lower()}-{month}@hot-spots-reporting-portal",
        f"DTSTAMP:{covered:%Y%m%d}T000000Z",  # of the month reported on: a newer file must not look changed
        f"DTSTART;VALUE=DATE:{due:%Y%m%d}",
        f"DTEND;VALUE=DATE:{due + timedelta(days=1):%Y%m%d}",
        f"SUMMARY:{_text(title)}",
        *([f"DESCRIPTION:{_text(f'Open the return: {link}')}", f"URL:{link}"] if link else []),
        "TRANSP:TRANSPARENT",
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        f"DESCRIPTION:{_text(title)}",
        "TRIGGER:-P2D",
        "END:VALARM",
        "END:VEVENT",
    ]


def _text(value: str) -> str:
    """RFC 5545 3.3.11; other control characters have no place in a calendar."""
    plain = "".join(c for c in value.replace("\r\n", "\n").replace("\r", "\n") if c == "\n" or c.isprintable())
    return "".join(_ESCAPES.get(c, c) for c in plain)


def _folded(line: str) -> bytes:
    """Lines of 75 octets at most, never cut inside a character; the space that begins the next is one of them."""
    rest, parts = line, []
    while rest:
        room, end = LINE_OCTETS - bool(parts), 0
        while end < len(rest) and (size := len(rest[end].encode())) <= room:
            room, end = room - size, end + 1
        parts.append(rest[:end].encode())
        rest = rest[end:]
    return b"\r\n ".join(parts) + b"\r\n"
