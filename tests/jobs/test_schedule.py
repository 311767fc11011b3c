"""Who is told when: one notice at most a day and programme, none twice, none of the past, none once submitted."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from threading import Barrier

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from data_access import accounts, mail_outbox, notices, schema
from data_access.engine import get_engine
from domain.periods import add_months, month_of
from domain.programme import Programme, parse_programme
from domain.roles import Role
from domain.scope import server_scope
from jobs.drafts import Draft
from jobs.schedule import BUILT, DRAFT, FAILED, Notice, due_notices, mail_of, write_notices
from reports.source import due_date
from settings import MailSettings
from tests.factories import PROGRAMME
from tests.jobs.conftest import MANAGER, OTHER

MAIL = MailSettings(sender="p@x.example", portal_address="https://portal.example.org")


@lru_cache
def programme(code: str = "TEST", due_day: int | None = 15) -> Programme:
    return parse_programme({**PROGRAMME, "code": code, "fund": {"name": "F", "return_due_day": due_day}})


def told(today: date, due_day: int | None = 15, sent: set[tuple[str, str, str]] | None = None) -> list[str]:
    """Kinds of notices of one programme that holds every month, on ``today``."""
    held = {"TEST": [month_of(add_months(today.replace(day=1), n)) for n in range(-5, 1)]}
    found = due_notices(today, [programme(due_day=due_day)], held, lambda *_: False, sent or set())
    return [notice.kind for notice in found]


@pytest.mark.parametrize(
    ("day", "kinds"),
    [
        (date(2024, 5, 2), []),
        (date(2024, 5, 3), [DRAFT]),
        (date(2024, 5, 7), [DRAFT]),  # not told on the 3rd: the worker was away
        (date(2024, 5, 8), ["reminder 7"]),
        (date(2024, 5, 12), ["reminder 7"]),
        (date(2024, 5, 13), ["reminder 2"]),  # not the one of the 8th as well
        (date(2024, 5, 15), ["reminder 2"]),
        (date(2024, 5, 16), []),
        (date(2024, 5, 31), []),
    ],
)
def test_the_first_word_of_a_month_by_the_day_it_comes(day: date, kinds: list[str]) -> None:
    assert told(day) == kinds


def test_without_a_due_day_only_the_draft_is_told_of() -> None:
    assert told(date(2024, 5, 2), None) == []
    assert told(date(2024, 5, 28), None) == [DRAFT]


def test_a_month_that_no_return_can_be_made_of_is_not_told_of() -> None:
    assert due_notices(date(2024, 5, 8), [programme()], {"TEST": ["2024-03"]}, lambda *_: False, set()) == []


@pytest.mark.parametrize(
    ("draft", "day", "sent", "kind"),
    [
        (Draft.BUILT, date(2024, 5, 3), set(), BUILT),
        (Draft.BUILT, date(2024, 5, 3), {DRAFT}, BUILT),  # building was switched on in between
        (Draft.BUILT, date(2024, 5, 9), {"reminder 7"}, BUILT),
        (Draft.BUILT, date(2024, 5, 9), set(), "reminder 7"),  # the more urgent first, the other ten minutes later
        (Draft.BUILT, date(2024, 5, 20), {"reminder 2"}, BUILT),  # the data came late
        (Draft.BUILT, date(2024, 5, 3), {BUILT}, ""),
        (Draft.BUILT, date(2024, 5, 3), {FAILED}, BUILT),
        (Draft.FAILED, date(2024, 5, 3), set(), FAILED),
        (Draft.FAILED, date(2024, 5, 3), {FAILED}, ""),
        (Draft.NONE, date(2024, 5, 3), set(), ""),  # being built
        (Draft.NONE, date(2024, 5, 9), set(), "reminder 7"),
        (Draft.OPEN, date(2024, 5, 3), set(), DRAFT),
        (Draft.OPEN, date(2024, 5, 20), set(), ""),
    ],
)
def test_what_is_told_of_a_draft_by_what_became_of_it(draft: Draft, day: date, sent: set[str], kind: str) -> None:
    before = {("TEST", "2024-04", one) for one in sent}
    found = due_notices(
        day, [programme()], {"TEST": ["2024-04"]}, lambda *_: False, before, draft=lambda *_: draft
    )  # fmt: skip
    assert [notice.kind for notice in found] == ([kind] if kind else [])


days = st.dates(date(2020, 1, 1), date(2030, 12, 31))
reminders = st.lists(st.integers(0, 27), max_size=3, unique=True)


@given(
    start=days,
    steps=st.lists(st.integers(0, 40), min_size=1, max_size=40),
    due_days=st.lists(st.one_of(st.none(), st.integers(1, 28)), min_size=1, max_size=3),
    draft_day=st.integers(1, 28),
    reminder_days=reminders,
    submitted_from=days,
)
@settings(max_examples=80, deadline=None)
def test_over_any_run_of_days(
    start: date, steps: list[int], due_days: list[int | None], draft_day: int, reminder_days: list[int],
    submitted_from: date,
) -> None:  # fmt: skip
    """The worker looks on some days, perhaps after a long standstill; returns are submitted at some time."""
    programmes = [programme(f"P{n}", day) for n, day in enumerate(due_days)]
    sent: set[tuple[str, str, str]] = set()
    today = start
    for step in steps:
        today += timedelta(days=step)
        now = today
        before = month_of(add_months(today.replace(day=1), -1))
        held = {p.code: [month_of(add_months(start.replace(day=1), n)) for n in range(-30, 60)] for p in programmes}
        options = {"draft_day": draft_day, "reminder_days": reminder_days}
        found = due_notices(today, programmes, held, lambda *_, now=now: now >= submitted_from, sent, **options)
        assert len({notice.programme for notice in found}) == len(found)
        for notice in found:
            by_code = next(p for p in programmes if p.code == notice.programme)
            assert notice.key not in sent
            assert notice.month == before  # never of the past
            assert notice.due == due_date(by_code, notice.month)
            assert notice.due is None or today <= notice.due
            assert today < submitted_from
            if notice.kind == DRAFT:
                assert today.day >= draft_day
            else:
                n = int(notice.kind.split()[1])
                assert n in reminder_days
                assert notice.due is not None
                assert today >= notice.due - timedelta(days=n)
        sent |= {notice.key for notice in found}
        assert due_notices(today, programmes, held, lambda *_: False, sent, **options) == [] or today >= submitted_from


@given(due_day=st.integers(1, 28), draft_day=st.integers(1, 28), reminder_days=reminders, month=days)
@settings(max_examples=60, deadline=None)
def test_looking_every_day_tells_of_every_reminder_of_a_month(
    due_day: int, draft_day: int, reminder_days: list[int], month: date
) -> None:
    first = month.replace(day=1)
    due = add_months(first, 1).replace(day=due_day)
    sent: set[tuple[str, str, str]] = set()
    for n in range(75):
        today = first + timedelta(days=n)
        found = due_notices(
            today, [programme(due_day=due_day)], {"TEST": [month_of(first)]}, lambda *_: False, sent,
            draft_day=draft_day, reminder_days=reminder_days,
        )  # fmt: skip
        sent |= {notice.key for notice in found}
    # One whose day was before the month had ended gives way to the latest that had been reached when it had.
    early = [n for n in reminder_days if due - timedelta(days=n) <= add_months(first, 1)]
    wanted = {f"reminder {n}" for n in reminder_days if n not in early} | {f"reminder {min(early)}" for _ in early[:1]}
    assert {kind for _, _, kind in sent} - {DRAFT} == wanted


def test_an_email_says_what_is_asked_by_when_and_where_and_holds_no_data() -> None:
    due = date(2024, 5, 15)
    for kind, subject in (
        (DRAFT, "Monthly return of Test city, April 2024: the draft can be opened"),
        ("reminder 7", "Monthly return of Test city, April 2024: due on 15 May 2024"),
    ):
        mail = mail_of(Notice(kind, "TEST", "2024-04", due), date(2024, 5, 8), programme(), MANAGER, MAIL)
        assert mail.subject == subject
        assert "https://portal.example.org/returns?programme=TEST&month=2024-04" in mail.body
        assert "15 May 2024" in mail.body
        assert mail.not_after.date() == date(2024, 5, 16)
        assert not any(word in mail.body for word in ("Clock Tower", "Station", "120000", "£"))


@pytest.fixture
def with_mail(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    values = {
        "SMTP_HOST": "127.0.0.1", "MAIL_FROM": "p@x.example", "PORTAL_ADDRESS": "https://portal.example.org",
        "RETURN_BUILD_DRAFTS": "0",
    }  # fmt: skip
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    return data_dir


def outbox() -> list[tuple[str, str]]:
    return sorted((mail.to, mail.subject) for mail in mail_outbox.unsent(server_scope()))


def test_managers_are_told_once_and_nobody_else(with_mail: Path) -> None:
    """Not a disabled account, not another role, not a demonstration account, which has no letter box."""
    accounts.set_active(server_scope(), OTHER, False)
    accounts.add_account(
        server_scope(), email="manager@demo.example", name="Demonstration", role=Role.MANAGER, programmes=["TEST"],
        password_hash="x",
    )  # fmt: skip
    day = date(2024, 5, 3)
    assert write_notices(lambda *_: False, day) == ["The draft notice of TEST for Apr 2024 goes to 1 person."]
    assert outbox() == [(MANAGER, "Monthly return of Test city, April 2024: the draft can be opened")]
    assert write_notices(lambda *_: False, day) == []
    assert write_notices(lambda *_: True, date(2024, 5, 8)) == []
    assert write_notices(lambda *_: False, date(2024, 5, 8)) != []
    assert len(outbox()) == 2
    with get_engine().connect() as conn:
        a = schema.audit.c
        rows = conn.execute(select(a.detail).where(a.event == "return notice written")).scalars().all()
    assert rows[0] == {"month": "2024-04", "notice": "draft", "people": 1}


def test_two_workers_at_once_tell_it_once(with_mail: Path) -> None:
    mail = mail_of(Notice(DRAFT, "TEST", "2024-04", None), date(2024, 5, 3), programme(), MANAGER, MAIL)
    together = Barrier(2)

    def write(kind: str) -> bool:
        together.wait(10)
        return notices.write(server_scope(), "TEST", "2024-04", kind, None, [mail])

    kinds = [f"reminder {n}" for n in range(8)]
    with ThreadPoolExecutor(2) as pool:
        for kind in kinds:
            assert sorted(pool.map(write, (kind, kind))) == [False, True]
    assert len(outbox()) == len(kinds)


def test_without_mail_it_is_said_and_told_later_once_there_is(with_mail: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SMTP_HOST")
    (said,) = write_notices(lambda *_: False, date(2024, 5, 3))
    assert "SMTP_HOST is not set" in said
    assert outbox() == []
    monkeypatch.setenv("SMTP_HOST", "127.0.0.1")
    write_notices(lambda *_: False, date(2024, 5, 4))
    assert len(outbox()) == 2


def test_a_programme_without_managers_is_named(with_mail: Path) -> None:
    for email in (MANAGER, OTHER):
        accounts.set_active(server_scope(), email, False)
    (said,) = write_notices(lambda *_: False, date(2024, 5, 3))
    assert "no active account manages" in said
