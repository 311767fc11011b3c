"""What is wrong with one programme or one return keeps nothing from the others, and is said: by words and exit code."""

from __future__ import annotations

from datetime import date

import pytest
from click.testing import CliRunner
from sqlalchemy import update

from commands.jobs import jobs_command
from data_access import mail_outbox, schema
from data_access.engine import writing
from data_access.returns import narrative, signing
from domain.scope import server_scope
from jobs.apart import SomeFailed
from jobs.drafts import ask_for_drafts
from jobs.schedule import write_notices
from jobs.turns import write_turns
from tests.jobs.conftest import MANAGER, OTHER, LetterBox, scope_of

DAY, MARY = date(2024, 5, 3), scope_of(MANAGER)


@pytest.fixture
def broken(box: LetterBox) -> LetterBox:
    """OTHER, which comes first, has settings that cannot be read."""
    with writing().begin() as conn:
        conn.execute(update(schema.programme).values(config={}).where(schema.programme.c.code == "OTHER"))
    return box


def sent_back(month: str) -> None:
    """One manager's, sent back by another: it waits for the first."""
    held = narrative.save(MARY, "TEST", month, {"highlights": "Words"}, 0)
    with writing().begin() as conn:
        conn.execute(update(schema.return_version).values(state="checked").where(schema.return_version.c.id == held.id))
    signing.send_back(scope_of(OTHER), "TEST", month, held.revision, "The spend is missing.")


def addressed() -> list[str]:
    return [mail.to for mail in mail_outbox.unsent(server_scope())]


def test_a_programme_that_cannot_be_read_keeps_no_draft_or_notice_of_another(
    broken: LetterBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SomeFailed, match="Asking for the draft of OTHER for 2024-04 failed") as drafts:
        ask_for_drafts(DAY)
    assert drafts.value.said == ["The draft of TEST for 2024-04 is to be built."]
    monkeypatch.setenv("RETURN_BUILD_DRAFTS", "0")
    with pytest.raises(SomeFailed, match="Telling of the return of OTHER failed") as told:
        write_notices(lambda *_: False, DAY)
    assert told.value.said == ["The draft notice of TEST for Apr 2024 goes to 2 people."]
    sent_back("2024-04")
    with pytest.raises(SomeFailed, match="Finding whose turn it is in OTHER failed"):
        write_turns()
    assert sorted(addressed()) == [MANAGER, MANAGER, OTHER]


def test_a_return_that_cannot_be_told_of_keeps_no_other_untold(box: LetterBox) -> None:
    for month in ("2024-03", "2024-04"):
        sent_back(month)
    with writing().begin() as conn:
        v = schema.return_version
        conn.execute(update(v).values(month="2024-0x").where(v.c.month == "2024-03"))
    with pytest.raises(SomeFailed, match="Telling whose turn it is with the return of TEST for 2024-0x failed"):
        write_turns()
    assert addressed() == [MANAGER]


def test_the_command_tells_the_others_says_last_what_failed_and_ends_with_1(broken: LetterBox) -> None:
    sent_back("2024-04")
    done = CliRunner().invoke(jobs_command, ["tell"])
    assert done.exit_code == 1
    assert "for somebody to change it goes to 1 person." in done.stdout
    assert [line.split(" failed (")[0] for line in done.stderr.splitlines()[-2:]] == [
        "Telling of the return of OTHER",
        "Finding whose turn it is in OTHER",
    ]
