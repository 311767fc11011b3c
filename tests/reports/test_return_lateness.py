"""A late return says so, with the days; one in time and a correction say nothing; no printed word depends on today."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from commands.returns import returns
from data_access.engine import utc_now
from data_access.returns.versions import Step, Version
from domain import formats
from domain.return_states import Action, State
from domain.scope import Scope
from reports.lateness import due_and_sent, printed_words, words_today
from reports.model import ReturnContents

DUE = date(2023, 11, 15)
AFTER = {
    Action.CHECK: State.CHECKED, Action.APPROVE: State.APPROVED, Action.CERTIFY: State.CERTIFIED,
    Action.SUBMIT: State.SUBMITTED,
}  # fmt: skip


def version(*taken: tuple[Action, datetime], number: int = 1) -> Version:
    steps, state = [], State.DRAFT
    for action, at in taken:
        steps.append(Step(action, state, AFTER[action], "a@x", "Ann", "manager", at, "", len(steps) + 1, None, None))
        state = AFTER[action]
    return Version("2023-10", number, state=state, revision=len(steps), steps=tuple(steps))


LATE, IN_TIME = datetime(2024, 2, 3, 10, 0), datetime(2023, 11, 15, 23, 30)


def test_each_sentence_of_a_late_return() -> None:
    checked, sent = version((Action.CHECK, LATE)), version((Action.CHECK, IN_TIME), (Action.SUBMIT, LATE))
    assert printed_words(DUE, version(), IN_TIME) == ""
    assert printed_words(DUE, version(), LATE) == "It was due on 15 Nov 2023 and had not been submitted by 3 Feb 2024."
    assert printed_words(DUE, checked, IN_TIME) == (
        "It was due on 15 Nov 2023 and had not been submitted when it was checked on 3 Feb 2024, 80 days later."
    )
    late = "It was due on 15 Nov 2023 and was submitted on 3 Feb 2024, 80 days late."
    assert printed_words(DUE, sent, IN_TIME) == words_today(DUE, sent, DUE) == late
    assert words_today(DUE, checked, date(2023, 11, 16)) == (
        "It was due on 15 Nov 2023, 1 day ago, and has not been submitted."
    )
    today = date(2024, 2, 4)
    assert due_and_sent(DUE, sent, today) == "15 Nov 2023; submitted 3 Feb 2024, 80 days late"
    assert due_and_sent(DUE, checked, today) == "15 Nov 2023; not submitted, 81 days late"
    assert due_and_sent(DUE, checked, DUE) == "15 Nov 2023"
    assert due_and_sent(None, checked, today) == "[x] no due day is set"


@given(st.integers(-400, 400), st.sampled_from([(), *AFTER]), st.integers(1, 3))
def test_late_is_said_from_the_day_after_and_never_of_a_correction(days: int, last: Action, number: int) -> None:
    at = datetime(2023, 11, 15, 12, 0) + timedelta(days=days)
    steps = [(action, at) for action in AFTER][: list(AFTER).index(last) + 1] if last else []
    held = version(*steps, number=number)
    said = (printed_words(DUE, held, at), words_today(DUE, held, at.date()))
    late = days > 0 and number == 1
    assert all(bool(words) == late for words in said)
    assert all("15 Nov 2023" in words for words in said if words)
    assert printed_words(None, held, at) == words_today(None, held, at.date()) == ""


def test_the_last_minute_of_the_day_is_in_time_by_the_clock_of_london() -> None:
    """23:30 UTC is the next day's 00:30 in summer time."""
    may = date(2023, 6, 15)
    held = version((Action.SUBMIT, datetime(2023, 6, 15, 22, 59)))
    assert printed_words(may, held, IN_TIME) == ""
    held = version((Action.SUBMIT, datetime(2023, 6, 15, 23, 30)))
    assert "1 day late" in printed_words(may, held, IN_TIME)


def test_a_draft_whose_data_came_after_the_due_date_says_it_where_it_stands(contents: ReturnContents) -> None:
    """Loaded on 5 February for a return that was due on 15 November; the same on whatever day it is built."""
    status = next(f for f in contents.entry("A", "return_id").facts if f.label == "Status")
    said = "It was due on 15 Nov 2023 and had not been submitted by 5 Feb 2024."
    assert status.note == f"Figures can still change. {said}"
    assert contents.entry("K", "prepared").sentences[-1] == said


def test_the_list_of_returns_says_how_late_each_is(scope: Scope) -> None:
    done = CliRunner().invoke(returns, ["list", "--programme", "TEST"])
    (line,) = [line for line in done.output.splitlines() if line.startswith("2023-10")]
    days = (formats.local_date(utc_now()) - DUE).days
    assert f"15 Nov 2023; not submitted, {days:,} days late" in line
