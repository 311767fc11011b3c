"""Whether a return comes after its due date.

What is printed speaks of the steps, and of the data's own time, and never of today: the same return gives the same file
on any day. What a page or a list says may know the day on which it is looked at.
"""

from __future__ import annotations

from datetime import date, datetime

from data_access.returns import versions
from data_access.returns.versions import Version
from domain import formats
from domain.return_states import Action
from domain.scope import Scope


def printed_words(due: date | None, version: Version, made_at: datetime) -> str:
    """A sentence for the file; "" where nothing shows that it is late. ``made_at``: of the data or words of a draft, UTC.

    A correction is not late: the month had been sent with version 1.
    """
    if due is None or version.number > 1:
        return ""
    last = version.signatures[-1] if version.signatures else None
    day = formats.local_date(last.at if last else made_at)
    if day <= due:
        return ""
    began, late = f"It was due on {formats.day(due)}", formats.counted((day - due).days, "day")
    if last is None:
        return f"{began} and had not been submitted by {formats.day(day)}."
    if last.action is Action.SUBMIT:
        return f"{began} and was submitted on {formats.day(day)}, {late} late."
    return f"{began} and had not been submitted when it was {last.after.value} on {formats.day(day)}, {late} later."


def words_today(due: date | None, version: Version, today: date) -> str:
    """A sentence for the page; "" while it is in time, and where it was."""
    if due is None or version.number > 1:
        return ""
    sent = version.signed(Action.SUBMIT)
    if sent:
        return printed_words(due, version, sent.at)
    if today <= due:
        return ""
    return f"It was due on {formats.day(due)}, {formats.counted((today - due).days, 'day')} ago, and has not been submitted."


def due_and_sent(due: date | None, first: Version, today: date) -> str:
    """ "15 Nov 2023; submitted 3 Feb 2024, 80 days late" for a list; ``first`` is the month's first version."""
    if due is None:
        return f"{formats.UNAVAILABLE} no due day is set"
    sent = first.signed(Action.SUBMIT)
    day = formats.local_date(sent.at) if sent else today
    late = f", {formats.counted((day - due).days, 'day')} late" if day > due else ""
    if sent:
        return f"{formats.day(due)}; submitted {formats.day(day)}{late}"
    return f"{formats.day(due)}{f'; not submitted{late}' if late else ''}"


def first_of(scope: Scope, code: str, version: Version) -> Version:
    """The month's first version: a correction says nothing about whether the month was sent in time."""
    return version if version.number == 1 else versions.get(scope, code, version.month, 1)
