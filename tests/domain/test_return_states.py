"""Who may take a return where: every pair of state and action, every role, and random histories."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.return_states import (
    FINAL,
    JUDGEMENTS,
    NEEDS,
    SIGNED,
    Action,
    Hands,
    NotNow,
    NotYours,
    State,
    check_may,
    coming_action,
    may,
    next_state,
    step,
    transitions,
)
from domain.roles import PERMISSIONS, Permission, Role

EVERYTHING = frozenset(Permission)
D, C, A, F, S, OLD, GONE = State
# The whole table, written out by hand: (state, action) -> where it leads with and without a certificate.
TABLE = {
    (D, Action.EDIT): (D, D),
    (D, Action.CHECK): (C, C),
    (C, Action.EDIT): (D, D),
    (C, Action.APPROVE): (A, A),
    (C, Action.SEND_BACK): (D, D),
    (A, Action.EDIT): (D, D),
    (A, Action.CERTIFY): (F, None),
    (A, Action.SUBMIT): (None, S),
    (A, Action.SEND_BACK): (D, D),
    (F, Action.EDIT): (D, None),
    (F, Action.SUBMIT): (S, None),
    (F, Action.SEND_BACK): (D, None),
    (S, Action.CORRECT): (S, S),
    (S, Action.SUPERSEDE): (OLD, OLD),
}
CORRECTIONS = TABLE | {(D, Action.DROP): (GONE, GONE)}


@pytest.mark.parametrize(("state", "action"), list(product(State, Action)))
@pytest.mark.parametrize("certified", [True, False])
@pytest.mark.parametrize("correction", [True, False])
def test_every_pair_of_state_and_action_leads_where_the_table_says(
    state: State, action: Action, certified: bool, correction: bool
) -> None:
    table = CORRECTIONS if correction else TABLE
    expected = table.get((state, action), (None, None))[0 if certified else 1]
    if expected is None:
        with pytest.raises(NotNow) as refused:
            next_state(state, action, certified=certified, correction=correction)
        assert str(refused.value).endswith(".")
    else:
        assert next_state(state, action, certified=certified, correction=correction) is expected


def test_a_refusal_says_what_comes_next() -> None:
    with pytest.raises(NotNow, match="the next step is “approve”"):
        next_state(State.CHECKED, Action.SUBMIT, certified=True, correction=False)
    with pytest.raises(NotNow, match="asks for no certificate"):
        next_state(State.APPROVED, Action.CERTIFY, certified=False, correction=False)
    with pytest.raises(NotNow, match="open a new version"):
        next_state(State.SUBMITTED, Action.EDIT, certified=True, correction=False)
    with pytest.raises(NotNow, match="Send it back to draft first"):
        next_state(State.APPROVED, Action.DROP, certified=True, correction=True)
    with pytest.raises(NotNow, match="Only a correction can be dropped"):
        next_state(State.DRAFT, Action.DROP, certified=True, correction=False)
    with pytest.raises(NotNow, match="was dropped does not change"):
        next_state(State.DROPPED, Action.EDIT, certified=True, correction=True)


WHO = {
    Action.EDIT: {Role.MANAGER},
    Action.CHECK: {Role.MANAGER},
    Action.APPROVE: {Role.APPROVER},
    Action.CERTIFY: {Role.FINANCE},
    Action.SUBMIT: {Role.MANAGER, Role.APPROVER},
    Action.SEND_BACK: {Role.MANAGER, Role.APPROVER, Role.FINANCE},
    Action.CORRECT: {Role.MANAGER},
    Action.SUPERSEDE: set(),
    Action.DROP: {Role.MANAGER},
}


@pytest.mark.parametrize(("action", "role"), list(product(Action, Role)))
def test_every_role_may_do_what_its_duty_is_and_nothing_else(action: Action, role: Role) -> None:
    if role in WHO[action]:
        check_may(action, "someone", PERMISSIONS[role], Hands())
    else:
        with pytest.raises(NotYours, match="Your role may not"):
            check_may(action, "someone", PERMISSIONS[role], Hands())


@pytest.mark.parametrize("action", Action)
def test_nobody_judges_their_own_work(action: Action) -> None:
    if action is Action.SUPERSEDE:
        return
    for hands, said in (
        (Hands(authors=frozenset({"me"})), "wrote part"),
        (Hands(signers=frozenset({"me"})), "already"),
    ):
        if action in JUDGEMENTS:
            with pytest.raises(NotYours, match=said):
                check_may(action, "me", EVERYTHING, hands)
        else:
            check_may(action, "me", EVERYTHING, hands)
        check_may(action, "somebody else", EVERYTHING, hands)


def test_every_state_but_the_final_ones_has_a_next_step_that_the_table_holds() -> None:
    for certified, state in product((True, False), State):
        coming = coming_action(state, certified=certified)
        reachable = state is not State.CERTIFIED or certified
        if state in FINAL:
            assert coming is None
        elif reachable:
            assert (state, coming) in transitions(certified, correction=False)


PEOPLE = ("ann", "bob", "cat", "dan", "eve")


@given(
    certified=st.booleans(),
    correction=st.booleans(),
    moves=st.lists(st.tuples(st.sampled_from(Action), st.sampled_from(PEOPLE), st.sampled_from(Role)), max_size=60),
)
def test_random_people_never_bring_a_return_out_that_was_not_judged_by_others(
    certified: bool, correction: bool, moves: list[tuple[Action, str, Role]]
) -> None:
    """Whatever is tried: a submitted return was checked, approved (and certified) after its last edit, by as many
    different people, none of whom wrote on it; and it never changes again."""
    state, authors, signed = State.DRAFT, set(), []
    for action, person, role in moves:
        hands = Hands(frozenset(authors), frozenset(who for _, who in signed))
        before, asked_by = state, {"actor": person, "permissions": PERMISSIONS[role], "hands": hands}
        try:
            state = step(state, action, certified=certified, correction=correction, **asked_by)
        except (NotNow, NotYours):
            assert not may(before, action, certified=certified, correction=correction, **asked_by)
            continue
        assert NEEDS[action] & PERMISSIONS[role]
        if action is Action.EDIT:
            authors.add(person)
        if state is State.DRAFT:
            signed = []
        elif action in JUDGEMENTS:
            signed.append((action, person))
        if before in FINAL:
            assert state is before
        if state in (*SIGNED, State.SUBMITTED):
            asked = [Action.CHECK, Action.APPROVE, *([Action.CERTIFY] if certified else [])]
            assert [a for a, _ in signed] == asked[: len(signed)]
            people = [who for _, who in signed]
            assert len(set(people)) == len(people)
            assert not set(people) & authors
        if state is State.DROPPED:
            assert correction
            assert before is State.DRAFT
        if state is State.SUBMITTED:
            assert len(signed) == (3 if certified else 2)
