"""A job's file by its address: for its owner, as long as they may; and the calendar, for those who see returns."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import icalendar
import pytest
from sqlalchemy import select

from data_access import accounts, job_runs, jobs, schema
from data_access.engine import get_engine, utc_now
from data_access.programmes import data_as_at
from domain.jobs import DRAFT_RETURN, SCHEDULE, Job
from domain.roles import Permission, Role
from domain.scope import Scope, scope_for, server_scope
from jobs.child import write
from jobs.kinds import Result
from jobs.return_kinds import PDF
from tests.portal import PASSWORD, Portal, email_of


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield Portal(tmp_path_factory.mktemp("portal"), monkeypatch)


@pytest.fixture
def manager(portal: Portal) -> Scope:
    return scope_for(email_of(Role.MANAGER), Role.MANAGER, frozenset({"TEST"}))


def done(scope: Scope, month: str, body: bytes = b"%PDF- it is") -> Job:
    job = jobs.start(scope, PDF, "TEST", {"month": month}, permission=Permission.VIEW_RETURNS)
    held = job_runs.claim(job.token, "worker")
    assert held is not None
    return job_runs.finish(held, write(Result(f"test-{month}.pdf", "application/pdf", body)), timedelta(days=2))


def last_logged() -> tuple[str, str]:
    a = schema.audit.c
    with get_engine().connect() as conn:
        row = conn.execute(select(a.event, a.detail).order_by(a.id.desc())).first()
    assert row is not None
    return row.event, row.detail.get("what", "")


def test_the_owner_is_given_the_file_and_it_is_logged(portal: Portal, manager: Scope) -> None:
    job = done(manager, "2023-10")
    answer = portal.signed_in(Role.MANAGER).get(f"/jobs/{job.token}")
    assert (answer.status_code, answer.data, answer.mimetype) == (200, b"%PDF- it is", "application/pdf")
    assert answer.headers["Content-Disposition"] == "attachment; filename=test-2023-10.pdf"
    assert answer.headers["Cache-Control"] == "no-store"
    assert last_logged() == ("downloaded", "Monthly return as PDF: test-2023-10.pdf")


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.MANAGER])
def test_nobody_else_is_and_it_is_as_if_there_were_none(portal: Portal, manager: Scope, role: Role) -> None:
    job, visitor = done(manager, "2023-09"), portal.signed_in(role)
    theirs, none = visitor.get(f"/jobs/{job.token}"), visitor.get("/jobs/there-is-none")
    assert theirs.status_code == none.status_code == 404
    assert theirs.data == none.data
    assert portal.visitor().get(f"/jobs/{job.token}").status_code == 302


def test_an_owner_who_may_no_longer_see_returns_is_refused(portal: Portal, manager: Scope) -> None:
    job = done(manager, "2023-08")
    accounts.set_role(server_scope(), email_of(Role.MANAGER), Role.FUNDER)
    try:
        visitor = portal.visitor()
        visitor.sign_in(email_of(Role.MANAGER), PASSWORD)
        assert visitor.get(f"/jobs/{job.token}").status_code == 403
    finally:
        accounts.set_role(server_scope(), email_of(Role.MANAGER), Role.MANAGER)


def test_a_file_that_is_not_there_yet_or_no_more_says_so(portal: Portal, manager: Scope) -> None:
    visitor = portal.signed_in(Role.MANAGER)
    waiting = jobs.start(manager, PDF, "TEST", {"month": "2023-07"}, permission=Permission.VIEW_RETURNS)
    answer = visitor.get(f"/jobs/{waiting.token}")
    assert answer.status_code == 409
    assert "Waiting for its turn" in answer.text
    old = done(manager, "2023-06")
    job_runs.clear_out(utc_now() + timedelta(days=3))
    answer = visitor.get(f"/jobs/{old.token}")
    assert answer.status_code == 410
    assert "Start the job again" in answer.text


def by_the_worker(month: str, data: str = "x", name: str = "") -> Job:
    """A draft that the worker built by itself."""
    job = jobs.start_scheduled(server_scope(SCHEDULE), DRAFT_RETURN, "TEST", {"month": month, "data_sha256": data})
    held = job_runs.claim(job.token, "worker")
    assert held is not None
    made = Result(name or f"test-return-{month}-v1-draft-0.pdf", "application/pdf", b"%PDF- it is", "Made from data x.")
    return job_runs.finish(held, write(made), timedelta(days=2))


def test_what_the_worker_built_is_for_those_of_its_programme_who_see_returns(portal: Portal) -> None:
    """For everybody else it is as if there were none: a funder, and a manager of another programme."""
    job = by_the_worker("2023-05")
    theirs = {role: portal.signed_in(role).get(f"/jobs/{job.token}") for role in Role}
    seen = {role for role, answer in theirs.items() if answer.status_code == 200 and answer.data == b"%PDF- it is"}
    assert seen == {Role.MANAGER, Role.APPROVER, Role.FINANCE}
    assert {answer.status_code for role, answer in theirs.items() if role not in seen} == {404}
    accounts.set_programmes(server_scope(), email_of(Role.MANAGER), ["OTHER"])
    try:
        answer = portal.signed_in(Role.MANAGER).get(f"/jobs/{job.token}")
        none = portal.signed_in(Role.MANAGER).get("/jobs/there-is-none")
        assert (answer.status_code, answer.data) == (404, none.data)
    finally:
        accounts.set_programmes(server_scope(), email_of(Role.MANAGER), ["TEST"])


def test_the_page_says_what_the_worker_built_from_what_and_whether_that_has_moved(portal: Portal) -> None:
    visitor, data = portal.signed_in(Role.MANAGER), data_as_at(server_scope(), "TEST").data_sha256
    page = lambda: visitor.page("/returns", "?programme=TEST&month=2023-11").text  # noqa: E731
    job = by_the_worker("2023-11", data)
    said = page()
    assert job.token in said
    assert "Built unasked by the portal's worker on " in said
    assert "Made from data x." in said
    assert (
        "since" not in said.split("Built unasked by the portal's worker on ")[1].split("Tagged for screen readers")[0]
    )
    by_the_worker("2023-11", "of other data", "test-return-2023-11-v1-draft-9.pdf")
    said = page()
    assert "Data were loaded or counted anew and words were saved since" in said
    failing = jobs.start_scheduled(
        server_scope(SCHEDULE), DRAFT_RETURN, "TEST", {"month": "2023-11", "data_sha256": "and of others"}
    )
    assert "The portal's worker is about to build this draft" in page()
    held = job_runs.claim(failing.token, "worker")
    assert held is not None
    job_runs.fail(held, "No chart could be drawn.", "abc123")
    assert "The portal's worker could not build this draft. No chart could be drawn. Reference: abc123." in page()


def test_the_calendar_is_for_those_who_see_returns(portal: Portal) -> None:
    answer = portal.signed_in(Role.MANAGER).get("/returns/calendar.ics")
    assert (answer.status_code, answer.mimetype) == (200, "text/calendar")
    assert isinstance(icalendar.Calendar.from_ical(answer.data), icalendar.Calendar)
    assert "Hidden town" not in answer.text
    assert last_logged() == ("downloaded", "calendar of due dates")
    assert portal.signed_in(Role.FUNDER).get("/returns/calendar.ics").status_code == 403
