"""Drafts that the worker builds by itself: once, from their day on, for those who see returns of that programme alone."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import delete, select, update

from data_access import job_runs, jobs, notices, schema
from data_access.engine import get_engine, writing
from data_access.jobs import NoSuchJob
from data_access.returns import narrative
from domain.jobs import DRAFT_RETURN, SCHEDULE, Job, JobState
from domain.roles import Role
from domain.scope import OutOfScope, Scope, server_scope
from jobs import supervise
from jobs.child import write
from jobs.drafts import Draft, ask_for_drafts, draft_job, draft_of
from jobs.kinds import JobContext, Moved, Result
from jobs.mail import send_waiting
from jobs.return_kinds import draft_return
from jobs.schedule import write_notices
from tests.factories import Maker
from tests.jobs.conftest import MANAGER, OTHER, LetterBox, scope_of

DAY, MONTH, SERVER = date(2024, 5, 3), "2024-04", server_scope(SCHEDULE)
NOON = datetime(2024, 5, 3, 12)
ASKED = ["The draft of TEST for 2024-04 is to be built."]


def the_job() -> Job:
    found = draft_job(SERVER, "TEST", MONTH)
    assert found is not None
    return found


def claimed() -> job_runs.Claim:
    held = job_runs.claim(the_job().token, "worker")
    assert held is not None
    return held


def built() -> Job:
    made = write(Result("test-return-2024-04-v1-draft-0.pdf", "application/pdf", b"%PDF-", "Made from data."))
    return job_runs.finish(claimed(), made, timedelta(days=7))


def load_more() -> None:
    with writing().begin() as conn:
        maker = Maker.__new__(Maker)
        maker.conn, maker.programme_id, maker._row, maker.code = conn, 1, 99, "TEST"
        maker.load("crimes", date(2024, 4, 1), date(2024, 4, 30), text="more")


def take_back() -> None:
    """The data are again what they were before ``load_more``."""
    with writing().begin() as conn:
        newest = select(schema.load.c.id).order_by(schema.load.c.id.desc()).limit(1).scalar_subquery()
        conn.execute(delete(schema.load).where(schema.load.c.id == newest))


def moves() -> None:
    """The job that waits begins, and its data are no longer what they were."""
    job_runs.moved(claimed(), "Data were loaded.")


def events(name: str) -> list[dict[str, object]]:
    a = schema.audit.c
    with get_engine().connect() as conn:
        return list(conn.execute(select(a.detail).where(a.event == name)).scalars())


def told(day: date = DAY) -> list[str]:
    return write_notices(lambda *_: False, day)


def test_a_draft_is_asked_for_once_from_its_day_on_also_without_mail(data_dir: Path) -> None:
    assert ask_for_drafts(date(2024, 5, 2)) == []
    assert ask_for_drafts(date(2024, 5, 9)) == ASKED  # the worker was away on the 3rd
    job = the_job()
    assert (job.owner, job.by_server, job.state, job.programme_code) == (SCHEDULE, True, JobState.WAITING, "TEST")
    assert draft_of(SERVER, "TEST", MONTH) is Draft.NONE
    for _ in range(2):  # the worker is restarted, or there is a second one
        assert ask_for_drafts(DAY) == []
    built()
    load_more()
    assert ask_for_drafts(DAY) == [], "built once: the page says that data have moved"
    assert draft_of(SERVER, "TEST", MONTH) is Draft.BUILT
    assert len(jobs.scheduled(SERVER, DRAFT_RETURN, "TEST")) == 1
    assert jobs.scheduled(SERVER, DRAFT_RETURN, "OTHER") == [], "it names no fund"


def test_two_workers_that_look_at_once_ask_once(data_dir: Path) -> None:
    together = Barrier(2)

    def ask(data: str) -> int:
        together.wait(10)
        return jobs.start_scheduled(SERVER, DRAFT_RETURN, "TEST", {"month": MONTH, "data_sha256": data}).id

    with ThreadPoolExecutor(2) as pool:
        for data in "abcdefgh":
            one, other = pool.map(ask, (data, data))
            assert one == other
    assert len(jobs.scheduled(SERVER, DRAFT_RETURN, "TEST")) == 8
    together = Barrier(1)
    job_runs.fail(claimed(), "No.")
    assert ask("h") == one


def signed() -> None:
    narrative.save(scope_of(MANAGER), "TEST", MONTH, {"highlights": "Words"}, 0)
    with writing().begin() as conn:
        conn.execute(update(schema.return_version).values(state="checked"))


def without_fund() -> None:
    with writing().begin() as conn:
        config = conn.execute(select(schema.programme.c.config).where(schema.programme.c.code == "TEST")).scalar_one()
        conn.execute(update(schema.programme).values(config={**config, "fund": {}}))


@pytest.mark.parametrize("change", [signed, without_fund], ids=lambda f: f.__name__)
def test_what_is_signed_or_owes_no_return_is_not_built(data_dir: Path, change: Callable[[], None]) -> None:
    change()
    assert ask_for_drafts(DAY) == []


def test_nothing_is_built_of_a_month_that_is_not_held_or_where_it_is_switched_off(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ask_for_drafts(date(2024, 6, 3)) == []
    monkeypatch.setenv("RETURN_BUILD_DRAFTS", "0")
    assert ask_for_drafts(DAY) == []
    assert draft_of(SERVER, "TEST", MONTH) is Draft.OPEN


def test_a_build_that_failed_is_said_once_and_asked_for_again_when_the_data_have_changed(box: LetterBox) -> None:
    ask_for_drafts(DAY)
    assert told() == [], "nobody is told of a draft that is not there"
    job_runs.fail(claimed(), "No chart could be drawn.", "abc123")
    assert ask_for_drafts(DAY) == [], "the same would fail again"
    assert told() == ["The draft failed notice of TEST for Apr 2024 goes to 2 people."]
    assert told() == []
    load_more()
    assert ask_for_drafts(DAY) == ASKED
    assert draft_of(SERVER, "TEST", MONTH) is Draft.NONE
    built()
    assert told() == ["The draft built notice of TEST for Apr 2024 goes to 2 people."]
    assert told() == ask_for_drafts(DAY) == []
    send_waiting(NOON)
    subjects = [message["Subject"] for message in box.messages]
    assert sorted(set(subjects)) == [
        "Monthly return of Test city, April 2024: the draft could not be built",
        "Monthly return of Test city, April 2024: the draft has been built",
    ]
    assert all(
        "No chart" not in message.get_content() and "abc123" not in message.get_content() for message in box.messages
    )


def test_data_that_went_away_and_came_back_are_built_from_unless_that_had_failed(data_dir: Path) -> None:
    ask_for_drafts(DAY)
    moves()
    load_more()
    assert ask_for_drafts(DAY) == ASKED
    moves()
    take_back()
    assert ask_for_drafts(DAY) == ASKED
    assert the_job().state is JobState.WAITING
    job_runs.fail(claimed(), "No chart could be drawn.")
    load_more()
    assert draft_of(SERVER, "TEST", MONTH) is Draft.NONE, "it is asked for with these data"
    ask_for_drafts(DAY)
    moves()
    take_back()
    assert ask_for_drafts(DAY) == [], "the same would fail again, whatever was tried since"
    assert draft_of(SERVER, "TEST", MONTH) is Draft.FAILED
    assert the_job().error == "No chart could be drawn.", "what the page says is what stands in the way"
    assert len(jobs.scheduled(SERVER, DRAFT_RETURN, "TEST")) == 4


def test_a_job_that_is_overtaken_between_the_asking_and_the_telling_is_told_to_nobody(box: LetterBox) -> None:
    ask_for_drafts(DAY)
    load_more()
    moves()
    assert told() == []
    assert ask_for_drafts(DAY) == ASKED


def test_a_lost_worker_is_tried_again_as_every_job_is(data_dir: Path) -> None:
    ask_for_drafts(DAY)
    for attempt in range(job_runs.MOST_ATTEMPTS):
        assert draft_of(SERVER, "TEST", MONTH) is Draft.NONE, attempt
        held = claimed()
        (job,) = job_runs.recover_stale(held.job.started_at + job_runs.STALE_AFTER * 2)
    assert job.state is JobState.FAILED
    assert draft_of(SERVER, "TEST", MONTH) is Draft.FAILED


def test_a_draft_built_late_is_told_of_after_the_reminder_and_after_it_was_due(box: LetterBox) -> None:
    ask_for_drafts(date(2024, 5, 13))
    built()
    assert told(date(2024, 5, 14))[0].startswith("The reminder 2 notice")
    assert told(date(2024, 5, 17))[0].startswith("The draft built notice")
    send_waiting(NOON + timedelta(days=14))
    bodies = [m.get_content() for m in box.messages]  # the reminder came too late for the 17th
    assert len(bodies) == 2
    assert all("It was due: 15 May 2024" in body for body in bodies)


def test_from_the_worker_to_the_managers_letter_box_and_the_file(box: LetterBox) -> None:
    """The job in its own process, as the worker runs it; the e-mail by a real server."""
    ask_for_drafts(DAY)
    supervise.run(the_job().token)
    job = the_job()
    assert job.state is JobState.DONE, job.error
    short = str(job.arguments["data_sha256"])[:12]
    assert job.said.startswith(f"Made from data {short}")
    assert "recorded crime to 30 Apr 2024" in job.said
    assert job.said.endswith("of the ten checks stand in the way of the signature.")
    assert events("return built")[0]["sha256"] == job.sha256
    told()
    assert send_waiting(NOON) == ""
    assert sorted(e.rcpt_tos[0] for e in box.held) == sorted([MANAGER, OTHER])
    body = box.messages[0].get_content()
    assert "has been built" in body
    assert "https://portal.example.org/returns?programme=TEST&month=2024-04" in body
    assert not any(word in body for word in (short, job.token, "Clock Tower", "finding", "120"))
    for email in (MANAGER, OTHER):
        assert jobs.read_result(scope_of(email), job.token)[1].startswith(b"%PDF-")
    assert {kind for _, _, kind in notices.written(SERVER)} == {"draft built"}


def test_data_that_moved_before_it_was_built_make_it_be_asked_for_again(data_dir: Path) -> None:
    ask_for_drafts(DAY)
    load_more()
    context = JobContext(SERVER, "TEST", lambda *_: None, lambda: False)
    with pytest.raises(Moved, match=r"counted anew after this was asked for\. The worker asks again\."):
        draft_return(context, **the_job().arguments)
    moves()
    assert ask_for_drafts(DAY) == ASKED


def test_a_return_signed_before_its_draft_was_built_is_no_failure(data_dir: Path) -> None:
    ask_for_drafts(DAY)
    signed()
    context = JobContext(SERVER, "TEST", lambda *_: None, lambda: False)
    with pytest.raises(Moved, match="is checked, so there is no draft to build"):
        draft_return(context, **the_job().arguments)


OUTSIDERS = [scope_of(MANAGER, Role.MANAGER, "OTHER"), *(scope_of(MANAGER, role) for role in Role)]


@pytest.mark.parametrize("scope", OUTSIDERS, ids=lambda s: f"{s.role.value} of {min(s.programme_codes)}")
def test_who_may_have_what_the_worker_made(data_dir: Path, scope: Scope) -> None:
    """The same permission in the same programme; for everybody else there is no such job."""
    ask_for_drafts(DAY)
    job = built()
    may = scope.sees("TEST") and scope.role in (Role.MANAGER, Role.APPROVER, Role.FINANCE)
    if may:
        assert jobs.get(scope, job.token).token == job.token
        assert jobs.read_result(scope, job.token)[1] == b"%PDF-"
        assert [j.id for j in jobs.scheduled(scope, DRAFT_RETURN, "TEST")] == [job.id]
    else:
        for ask in (jobs.get, jobs.read_result):
            with pytest.raises(NoSuchJob):
                ask(scope, job.token)
        with pytest.raises(OutOfScope):
            jobs.scheduled(scope, DRAFT_RETURN, "TEST")
    with pytest.raises(NoSuchJob):
        jobs.cancel(scope, job.token)
    assert jobs.list_own(scope) == []
