"""Whose turn it is: those who may take the next step are told once of it, nobody of their own work, nobody too late."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from data_access import accounts, mail_outbox, notices, schema
from data_access.accounts import Account
from data_access.engine import utc_now, writing
from data_access.mail_outbox import GONE, OVERTAKEN
from data_access.returns import narrative, signing
from data_access.returns.versions import Version
from domain.return_states import JUDGEMENTS, NEEDS, Action, State
from domain.roles import PERMISSIONS, Role
from domain.scope import server_scope
from jobs.mail import send_waiting
from jobs.turns import TOLD_WITHIN, Turn, turn_of, whose, write_turns
from tests.data_access.returns.conftest import frozen
from tests.jobs.conftest import LetterBox, scope_of
from tests.jobs.test_schedule import programme
from tests.reports.test_return_lateness import version as version_with

MONTH = "2024-04"
NAMES = {
    "mary": Role.MANAGER, "omar": Role.MANAGER, "olive": Role.APPROVER, "otto": Role.APPROVER, "fay": Role.FINANCE,
    "fiona": Role.FUNDER, "ida": Role.INFORMATION_GOVERNANCE, "rita": Role.REVIEWER,
}  # fmt: skip
MARY, OMAR, OLIVE, FAY = (
    scope_of(f"{name}@test.example.org", NAMES[name]) for name in ("mary", "omar", "olive", "fay")
)


@pytest.fixture
def people(box: LetterBox) -> LetterBox:
    """Everybody of NAMES in TEST; and who must never be told: away, elsewhere, without a letter box."""
    there = {a.email for a in accounts.list_accounts(server_scope())}
    for name, role in NAMES.items():
        if f"{name}@test.example.org" not in there:
            add(f"{name}@test.example.org", role)
    add("gone@test.example.org", Role.APPROVER)
    accounts.set_active(server_scope(), "gone@test.example.org", False)
    add("elsewhere@test.example.org", Role.APPROVER, "OTHER")
    add("approver@demo.example", Role.APPROVER)
    return box


def add(email: str, role: Role, code: str = "TEST") -> None:
    accounts.add_account(server_scope(), email=email, name="A", role=role, programmes=[code], password_hash="x")


def told(now: datetime | None = None) -> list[str]:
    """Names of those who get an e-mail now."""
    before = {mail.id for mail in mail_outbox.unsent(server_scope())}
    write_turns(now)
    return sorted(m.to.split("@")[0] for m in mail_outbox.unsent(server_scope()) if m.id not in before)


def written(words: str = "Secret words") -> Version:
    return narrative.save(MARY, "TEST", MONTH, {"highlights": words}, 0)


def checked() -> Version:
    return signing.check(OMAR, "TEST", MONTH, written().revision, frozen())


def test_each_state_tells_those_whose_step_comes_next_and_once(people: LetterBox) -> None:
    v = written()
    assert told() == [], "a draft is its authors' own"
    v = signing.check(OMAR, "TEST", MONTH, v.revision, frozen())
    assert told() == ["olive", "otto"]
    assert told() == []
    v = signing.approve(OLIVE, "TEST", MONTH, v.revision, b"%PDF a", utc_now())
    assert told() == ["fay"]
    v = signing.certify(FAY, "TEST", MONTH, v.revision, b"%PDF a c", utc_now())
    assert told() == ["mary", "olive", "omar", "otto"]
    signing.submit(MARY, "TEST", MONTH, v.revision, b"%PDF a c s", utc_now())
    assert told() == []
    assert {kind for _, _, kind in notices.written(server_scope())} == {
        "turn approve r2",
        "turn certify r3",
        "turn submit r4",
    }


def test_what_is_sent_back_tells_its_managers_and_the_next_round_tells_anew(people: LetterBox) -> None:
    v = checked()
    v = signing.send_back(OLIVE, "TEST", MONTH, v.revision, "The spend of Clock Tower is missing.")
    assert told() == ["mary", "omar"]
    v = narrative.save(MARY, "TEST", MONTH, {"highlights": "Other words"}, v.revision)
    assert told() == []
    v = signing.check(OMAR, "TEST", MONTH, v.revision, frozen())
    assert told() == ["olive", "otto"]
    v = signing.send_back(OMAR, "TEST", MONTH, v.revision, "I have seen something more.")
    assert told() == ["mary"], "who sent it back knows"


def test_the_email_says_which_step_since_when_by_when_and_where_and_nothing_else(people: LetterBox) -> None:
    v = checked()
    signing.send_back(OLIVE, "TEST", MONTH, v.revision, "The spend of Clock Tower is missing.")
    told()
    assert send_waiting() == ""
    (message, _) = people.messages
    body = message.get_content()
    assert message["Subject"] == "Return TEST-2024-04, revision 3: it is your turn to change it"
    assert body.startswith("The monthly return of Test city for April 2024 was sent back on ")
    assert "It was due: 15 May 2024" in body
    assert "https://portal.example.org/returns?programme=TEST&month=2024-04" in body
    for word in ("Clock Tower", "spend", "Secret words", "olive", "Siân", v.contents_sha256[:12]):
        assert word not in body


def test_an_email_that_the_return_has_overtaken_is_not_sent(people: LetterBox) -> None:
    v = checked()
    people.answer = "450 Try later"
    told()
    send_waiting()
    signing.approve(OLIVE, "TEST", MONTH, v.revision, b"%PDF a", utc_now())
    people.answer = ""
    assert told() == ["fay"]
    send_waiting(utc_now() + timedelta(minutes=5))
    assert [e.rcpt_tos for e in people.held] == [["fay@test.example.org"]]
    (first, second) = mail_outbox.unsent(server_scope())
    assert first.last_error.startswith(OVERTAKEN)
    assert second.last_error.startswith(OVERTAKEN)
    send_waiting(utc_now() + timedelta(hours=3))
    assert len(people.held) == 1, "given up for good"


def test_who_has_left_since_it_was_written_gets_nothing(people: LetterBox) -> None:
    checked()
    assert told() == ["olive", "otto"]
    accounts.set_active(server_scope(), "olive@test.example.org", False)
    accounts.set_programmes(server_scope(), "otto@test.example.org", ["OTHER"])
    assert send_waiting() == ""
    assert [mail.last_error for mail in mail_outbox.unsent(server_scope())] == [GONE, GONE]
    accounts.set_active(server_scope(), "olive@test.example.org", True)
    send_waiting(utc_now() + timedelta(hours=1))
    assert people.held == [], "given up for good"


def test_one_who_left_keeps_it_from_nobody_else(people: LetterBox) -> None:
    checked()
    told()
    accounts.set_active(server_scope(), "olive@test.example.org", False)
    send_waiting()
    assert [e.rcpt_tos for e in people.held] == [["otto@test.example.org"]]


def test_an_email_about_a_correction_that_was_dropped_is_not_sent(people: LetterBox) -> None:
    v = signing.send_back(OLIVE, "TEST", MONTH, checked().revision, "The spend of Clock Tower is missing.")
    told()
    with writing().begin() as conn:  # as it stands when a correction is dropped: its revision is the month's highest
        conn.execute(update(schema.return_version).values(state="dropped", revision=v.revision + 1))
    send_waiting()
    assert {mail.last_error for mail in mail_outbox.unsent(server_scope())} == {OVERTAKEN}
    assert people.held == []


def test_after_a_standstill_nobody_gets_what_is_old(people: LetterBox) -> None:
    checked()
    assert told(utc_now() + TOLD_WITHIN + timedelta(minutes=1)) == []
    assert told(utc_now() + TOLD_WITHIN - timedelta(minutes=1)) == ["olive", "otto"]


def test_without_a_mail_host_nobody_is_told_and_nothing_is_noted(data_dir: Path) -> None:
    checked()
    assert write_turns() == []
    assert notices.written(server_scope()) == set()


def test_where_nobody_may_it_is_said(box: LetterBox) -> None:
    checked()
    (said,) = write_turns()
    assert "waits for somebody to approve it cannot be told: no active account" in said
    assert notices.written(server_scope()) == set(), "told as soon as there is one"
    add("olive@test.example.org", Role.APPROVER)
    assert told() == ["olive"]


# --- whoever is told may ----------------------------------------------------------------------------------


def account(email: str, role: Role, codes: tuple[str, ...]) -> Account:
    return Account(1, email, "A", role, True, codes, 1, 0, None, datetime(2024, 1, 1))


everybody = st.lists(
    st.builds(account, st.sampled_from("abcdefg"), st.sampled_from(Role), st.sampled_from([("TEST",), ("OTHER",), ()])),
    max_size=12, unique_by=lambda a: a.email,
)  # fmt: skip
chain = (Action.CHECK, Action.APPROVE, Action.CERTIFY)


@given(
    people=everybody, signers=st.lists(st.sampled_from("abcdefg"), max_size=3, unique=True),
    authors=st.sets(st.sampled_from("abcdefg")), back=st.booleans(),
)  # fmt: skip
def test_whoever_is_told_may_take_the_step_and_everybody_else_who_may_is_told(
    people: list[Account], signers: list[str], authors: set[str], back: bool
) -> None:
    held = version_with(*((action, datetime(2024, 5, 9)) for action in chain[: len(signers)]))
    steps = [replace(step, actor=who) for step, who in zip(held.steps, signers, strict=True)]
    state = held.state
    if back and steps:
        steps.append(replace(steps[-1], action=Action.SEND_BACK, after=State.DRAFT))
        state = State.DRAFT
    held = replace(held, state=state, revision=len(steps), authors=tuple(authors), steps=tuple(steps))
    turn = turn_of(held, programme())
    if not steps:
        assert turn is None
        return
    assert isinstance(turn, Turn)
    assert len(turn.kind) <= 20, "the column's width"
    names = {a.email for a in whose(turn, people)}
    for one in people:
        judges = turn.action in JUDGEMENTS and (one.email in authors or one.email in signers)
        may = "TEST" in one.programmes and bool(NEEDS[turn.action] & PERMISSIONS[one.role]) and not judges
        assert (one.email in names) == (may and one.email != signers[-1])


def test_long_revisions_still_fit_the_column() -> None:
    held = version_with(*((action, datetime(2024, 5, 9)) for action in chain[:2]))
    turn = turn_of(replace(held, revision=99_999), programme())
    assert turn is not None
    assert len(turn.kind) <= 20
    assert whose(turn, [account("f", Role.FINANCE, ("TEST",))])
