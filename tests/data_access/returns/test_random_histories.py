"""Whatever people try in whatever order, the register goes where the table of states says and forgets nothing."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from itertools import count

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from data_access import schema
from data_access.returns import narrative, signing, versions
from data_access.returns.changing import StaleVersion
from domain.return_states import FINAL, JUDGEMENTS, Action, Hands, NotNow, NotYours, State, step
from domain.roles import Permission
from domain.scope import OutOfScope
from tests.data_access.returns.conftest import PEOPLE, frozen, person
from tests.factories import audit_events

AT = datetime(2023, 7, 10, 9, 30)
REASON = "It says so in the letter."
_months = (f"{year}-{month:02d}" for year in count(2001) for month in range(1, 13))
# What a return usually goes through, so that random histories get far, and everything else that can be tried.
SIGNED = (("ben", Action.CHECK), ("olive", Action.APPROVE), ("fay", Action.CERTIFY), ("mary", Action.SUBMIT))
USUAL = [
    (("mary", Action.EDIT), *SIGNED), (("mary", Action.CORRECT), *SIGNED), (("mary", Action.CORRECT), ("ben", Action.DROP)),
    *((move,) for move in SIGNED),
]  # fmt: skip
TRIED = [action for action in Action if action is not Action.SUPERSEDE]
ANY = st.tuples(st.tuples(st.sampled_from(list(PEOPLE)), st.sampled_from(TRIED)))
RUN = st.tuples(st.sampled_from(USUAL) | ANY, st.sampled_from([0, 0, 0, 0, 0, 1]))
BEGUN = st.sampled_from([[], [(USUAL[0], 0)]])
MOVES = st.builds(
    lambda begun, runs: [(move, late) for run, late in begun + runs for move in run], BEGUN, st.lists(RUN, max_size=9)
)


def _do(who: str, action: Action, month: str, revision: int, held: versions.Version) -> versions.Version:
    scope = person(who)
    if action is Action.EDIT:
        return narrative.save(scope, "TEST", month, {"highlights": f"{who} {revision}"}, revision)
    if action is Action.CHECK:
        return signing.check(scope, "TEST", month, revision, frozen())
    if action is Action.SEND_BACK:
        return signing.send_back(scope, "TEST", month, revision, REASON)
    if action is Action.CORRECT:
        return signing.open_correction(scope, "TEST", month, revision, REASON)
    if action is Action.DROP:
        return signing.drop_correction(scope, "TEST", month, revision, REASON)
    before = versions.sealed_pdf(person("olive"), "TEST", held) if held.pdf_sha256 else b"%PDF"
    write = {Action.APPROVE: signing.approve, Action.CERTIFY: signing.certify, Action.SUBMIT: signing.submit}[action]
    return write(scope, "TEST", month, revision, before + action.value.encode(), AT)


def _steps(engine) -> int:
    with engine.connect() as conn:
        return conn.execute(select(func.count()).select_from(schema.return_step)).scalar()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(MOVES)
def test_random_people_in_random_order(engine, moves):
    month, olive = next(_months), person("olive")
    state, number, revision = State.DRAFT, 1, 0
    highest, corrected = (1, 0), []  # number and revision ever given; what each open correction is of
    authors: set[str] = set()
    signers: list[str] = []
    for (who, action), late in moves:
        actor, held = f"{who}@example.org", versions.latest(olive, "TEST", month)
        steps, audited = _steps(engine), len(audit_events(engine))
        try:
            expected = step(
                state, action, certified=True, correction=number > 1, actor=actor, permissions=person(who).permissions,
                hands=Hands(frozenset(authors), frozenset(signers)),
            )  # fmt: skip
        except (NotNow, NotYours) as refused:
            expected = type(refused)
        if not person(who).may(Permission.VIEW_RETURNS):
            expected = OutOfScope
        elif late:
            expected = StaleVersion
        try:
            made, told = _do(who, action, month, held.month_revision + late, held), None
        except (OutOfScope, NotNow, StaleVersion) as refused:
            told = type(refused)
        if told:
            assert told is expected
            assert versions.latest(olive, "TEST", month) == held
            assert (_steps(engine), len(audit_events(engine))) == (steps, audited), "a refusal leaves nothing behind"
            continue
        if action is Action.CORRECT:
            corrected.append((state, number, revision, set(authors), signers))
            number, state, signers, revision = highest[0] + 1, State.DRAFT, [], highest[1]
        else:
            state = expected
        authors |= {actor} if action in (Action.EDIT, Action.CORRECT) else set()
        signers = [] if state is State.DRAFT else [*signers, *([actor] if action in JUDGEMENTS else [])]
        revision += 1
        highest = (number, revision)
        assert (made.state, made.number, made.revision) == (state, number, revision)
        assert made.corrects == (corrected[-1][1] if corrected else None)
        assert set(made.authors) == authors
        more = 2 if action is Action.SUBMIT and number > 1 else 1  # what it corrects is superseded
        assert (_steps(engine), len(audit_events(engine))) == (steps + more, audited + more)
        if action is Action.DROP:
            state, number, revision, authors, signers = corrected.pop()
        now = versions.latest(olive, "TEST", month)
        assert (now.state, now.number, now.revision) == (state, number, revision)
        assert now.month_revision == highest[1]
    held = versions.of_month(olive, "TEST", month)
    assert [v.number for v in held] == list(range(1, len(held) + 1))
    assert Counter(v.state for v in held)[State.SUBMITTED] <= 1
    assert all(v.state in FINAL for v in held[:-1])
