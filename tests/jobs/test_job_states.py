"""Jobs pass only through the states of the table, whatever people, workers and lost workers do in whatever order."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import delete, select

from data_access import job_runs, jobs, schema
from data_access.engine import get_engine, utc_now
from data_access.job_runs import MOST_ATTEMPTS, STALE_AFTER, Claim, Lost, Made
from data_access.jobs import MOST_LIVE, JobRefused, NoResult, NoSuchJob
from domain.jobs import TRANSITIONS, Job, JobState
from domain.roles import Permission, Role
from domain.scope import OutOfScope, Scope, server_scope
from tests.jobs.conftest import FUNDER, OTHER, scope_of

S = JobState
LATER = STALE_AFTER + timedelta(seconds=1)
MADE = Made("0" * 32, "x.txt", "text/plain", 1, "0" * 64)
_numbers = itertools.count()


def started(scope: Scope, kind: str = "plain", **arguments: Any) -> Job:
    return jobs.start(scope, kind, "TEST", arguments, permission=Permission.VIEW_RETURNS)


class Jobs(RuleBasedStateMachine):
    """One person's jobs against a model: what state each must be in, and which claim is the one that counts."""

    def __init__(self) -> None:
        super().__init__()
        self.scope = scope_of(f"person{next(_numbers)}@test.example.org")
        # In the order they were started: tokens are random, and what is drawn must not depend on them.
        self.state: dict[str, JobState] = {}
        self.seen: dict[str, JobState] = {}
        self.claims: dict[str, list[Claim]] = {}
        self.cancel_asked: set[str] = set()

    def teardown(self) -> None:
        with get_engine().begin() as conn:
            conn.execute(delete(schema.job))

    def pick(self, data: st.DataObject) -> str:
        return data.draw(st.sampled_from(list(self.state)))

    def live(self) -> list[str]:
        return [token for token, state in self.state.items() if TRANSITIONS[state]]

    @rule()
    def start(self) -> None:
        if len(self.live()) >= MOST_LIVE:
            with pytest.raises(JobRefused, match="as many as one person may have"):
                started(self.scope, n=len(self.state))
            return
        job = started(self.scope, n=len(self.state))
        assert job.token not in self.state
        self.state[job.token] = S.WAITING
        self.claims[job.token] = []

    @precondition(lambda self: self.state)
    @rule(data=st.data())
    def claim(self, data: st.DataObject) -> None:
        token = self.pick(data)
        held = job_runs.claim(token, "worker")
        assert (held is not None) == (self.state[token] is S.WAITING)
        if held:
            self.claims[token].append(held)
            self.state[token] = S.RUNNING

    @precondition(lambda self: any(self.claims.values()))
    @rule(data=st.data(), act=st.sampled_from(["finish", "fail", "stopped", "give back", "progress", "heartbeat"]))
    def worker_acts(self, data: st.DataObject, act: str) -> None:
        token = data.draw(st.sampled_from([t for t, claims in self.claims.items() if claims]))
        held = data.draw(st.sampled_from(self.claims[token]))
        acts = {
            "finish": lambda: job_runs.finish(held, MADE, timedelta(days=1)),
            "fail": lambda: job_runs.fail(held, "It did not work."),
            "stopped": lambda: job_runs.stopped(held),
            "give back": lambda: job_runs.give_back(held),
            "progress": lambda: job_runs.progress(held, 0.5, "Half way."),
            "heartbeat": lambda: job_runs.heartbeat(held),
        }
        if held is not self.claims[token][-1] or self.state[token] is not S.RUNNING:
            with pytest.raises(Lost):
                acts[act]()
            return
        acts[act]()
        ends = {"finish": S.DONE, "fail": S.FAILED, "stopped": S.CANCELLED, "give back": S.WAITING}
        if act in ends:
            self.state[token] = S.CANCELLED if token in self.cancel_asked else ends[act]

    @precondition(lambda self: self.state)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        token = self.pick(data)
        jobs.cancel(self.scope, token)
        if self.state[token] is S.WAITING:
            self.state[token] = S.CANCELLED
        elif self.state[token] is S.RUNNING:
            self.cancel_asked.add(token)

    @rule(data=st.data(), late=st.booleans())
    def recover(self, data: st.DataObject, late: bool) -> None:
        alive = data.draw(st.sets(st.sampled_from(list(self.state)))) if self.state else set()
        job_runs.recover_stale(utc_now() + LATER if late else None, alive)
        for token, state in self.state.items():
            if late and state is S.RUNNING and token not in alive:
                tired = len(self.claims[token]) >= MOST_ATTEMPTS
                asked = token in self.cancel_asked
                self.state[token] = S.CANCELLED if asked else S.FAILED if tired else S.WAITING

    @invariant()
    def rows_are_as_the_model_says(self) -> None:
        held = {job.token: job for job in jobs.list_own(self.scope)}
        assert {token: job.state for token, job in held.items()} == self.state
        for token, job in held.items():
            before = self.seen.get(token, S.WAITING)
            assert reachable(before, job.state), f"{before} became {job.state}"
            assert (job.ended_at is not None) == job.is_over
            assert bool(job.error) == (job.state is S.FAILED)
            assert job.has_file == (job.state is S.DONE)
            assert job.attempts == len(self.claims[token])
        self.seen = dict(self.state)

    @invariant()
    def the_log_tells_of_every_start_and_every_end_once(self) -> None:
        ids = {job.id: job.state for job in jobs.list_own(self.scope)}
        a = schema.audit.c
        with get_engine().connect() as conn:
            rows = conn.execute(select(a.event, a.detail).where(a.actor == self.scope.actor)).all()
        told = sorted((row.detail["job"], row.event) for row in rows)
        ends = {S.DONE: "job done", S.FAILED: "job failed", S.CANCELLED: "job cancelled"}
        wanted = [(n, "job started") for n in ids] + [(n, ends[s]) for n, s in ids.items() if s in ends]
        assert told == sorted(wanted)


def reachable(before: JobState, after: JobState) -> bool:
    """In no step or one: a rule makes at most one of each job."""
    return before is after or after in TRANSITIONS[before]


def test_random_histories(data_dir: Path) -> None:
    run_state_machine_as_test(
        Jobs,
        settings=settings(
            max_examples=12, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


@pytest.mark.parametrize(("before", "after"), [(b, a) for b in S for a in S if a not in TRANSITIONS[b]])
def test_every_other_change_is_refused(mary: Scope, before: JobState, after: JobState) -> None:
    job = started(mary)
    with get_engine().begin() as conn:
        conn.execute(schema.job.update().values(state=before))
        with pytest.raises(ValueError, match="cannot become"):
            jobs.move(conn, jobs.row_of(conn, job.token), after)


def test_of_many_workers_one_gets_the_job(mary: Scope) -> None:
    job = started(mary)
    with ThreadPoolExecutor(8) as pool:
        claims = list(pool.map(lambda n: job_runs.claim(job.token, f"worker {n}"), range(8)))
    assert len([held for held in claims if held]) == 1


def test_a_second_click_gives_the_same_job_and_another_month_another(mary: Scope) -> None:
    first, second, other = (
        started(mary, month="2023-10"),
        started(mary, month="2023-10"),
        started(mary, month="2023-11"),
    )
    assert first.token == second.token
    assert other.token != first.token
    theirs = started(scope_of(OTHER), month="2023-10")
    assert theirs.token != first.token


def test_the_third_loss_of_a_worker_ends_it_with_a_sentence(mary: Scope) -> None:
    job = started(mary)
    for attempt in range(1, MOST_ATTEMPTS + 1):
        assert job_runs.claim(job.token, "worker") is not None
        (after,) = job_runs.recover_stale(utc_now() + LATER)
        assert after.state is (S.WAITING if attempt < MOST_ATTEMPTS else S.FAILED)
    assert f"{MOST_ATTEMPTS} times" in after.error
    assert after.reference


def test_a_worker_does_not_rob_itself_after_a_database_that_was_locked_for_long(mary: Scope) -> None:
    job = started(mary)
    held = job_runs.claim(job.token, "worker")
    assert held is not None
    assert job_runs.recover_stale(utc_now() + LATER, alive={job.token}) == []
    job_runs.heartbeat(held)  # still its own


def test_progress_does_not_go_backwards(mary: Scope) -> None:
    held = job_runs.claim(started(mary).token, "worker")
    assert held is not None
    for fraction, shown in ((0.4, 0.4), (0.2, 0.4), (7.0, 1.0)):
        job_runs.progress(held, fraction, "Going on.")
        assert jobs.get(mary, held.token).progress == shown


def test_who_may_not_start_it(mary: Scope) -> None:
    with pytest.raises(OutOfScope, match="permission"):
        started(scope_of(FUNDER, Role.FUNDER))
    with pytest.raises(OutOfScope, match="programme"):
        jobs.start(mary, "plain", "OTHER", {}, permission=Permission.VIEW_RETURNS)
    with pytest.raises(JobRefused, match="No programme has the code"):
        jobs.start(server_scope(), "plain", "NONE", {}, permission=Permission.VIEW_RETURNS)
    assert job_runs.waiting() == []


def test_somebody_elses_job_and_none_at_all_are_told_alike(mary: Scope) -> None:
    token, omar = started(mary).token, scope_of(OTHER)
    said = set()
    for scope, of in ((omar, token), (mary, "no-such-token"), (mary, "\0"), (scope_of("x@y.example"), token)):
        for look in (jobs.get, jobs.cancel, jobs.read_result):
            with pytest.raises(NoSuchJob) as refused:
                look(scope, of)
            said.add(str(refused.value))
    assert len(said) == 1
    assert jobs.list_own(omar) == []
    assert jobs.get(mary, token).state is S.WAITING


def test_a_file_goes_when_its_time_is_over_and_says_so(mary: Scope, data_dir: Path) -> None:
    from jobs.child import write
    from jobs.kinds import Result

    held = job_runs.claim(started(mary).token, "worker")
    assert held is not None
    job_runs.finish(held, write(Result("x.txt", "text/plain", b"x")), timedelta(days=3))
    assert job_runs.clear_out(utc_now() + timedelta(days=2)) == 0
    assert jobs.read_result(mary, held.token)[1] == b"x"
    assert job_runs.clear_out(utc_now() + timedelta(days=4)) == 1
    assert list((data_dir / "jobs").iterdir()) == []
    with pytest.raises(NoResult, match="was kept until"):
        jobs.read_result(mary, held.token)
    job_runs.clear_out(utc_now() + timedelta(days=100))
    assert jobs.list_own(mary) == []


def test_a_damaged_file_is_not_given(mary: Scope, data_dir: Path) -> None:
    from jobs.child import write
    from jobs.kinds import Result

    held = job_runs.claim(started(mary).token, "worker")
    assert held is not None
    made = write(Result("x.txt", "text/plain", b"right"))
    job_runs.finish(held, made, timedelta(days=3))
    (data_dir / "jobs" / made.body).write_bytes(b"wrong")
    with pytest.raises(NoResult, match="damaged"):
        jobs.read_result(mary, held.token)


def test_files_that_no_row_names_go_after_a_day(mary: Scope, data_dir: Path) -> None:
    stray = jobs.folder() / "stray.part"
    stray.write_bytes(b"half")
    assert job_runs.clear_out() == 0
    assert job_runs.clear_out(utc_now() + timedelta(hours=25)) == 1
    assert not stray.exists()


def test_whoever_runs_the_portal_sees_how_jobs_go_and_no_key_to_them(mary: Scope) -> None:
    token = started(mary).token
    (line,) = jobs.list_all(server_scope())
    assert (line.owner, line.state) == (mary.actor, S.WAITING)
    assert token not in str(line)
    with pytest.raises(OutOfScope):
        jobs.list_all(mary)
