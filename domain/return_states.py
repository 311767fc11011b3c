"""Where a return stands and who may take the next step. Pure: the register (data_access.returns) holds the rows.

A person may do what their permissions name, and never judge their own work: whoever wrote any of a version's
narrative, and whoever has already signed it, signs no further judgement on it. Submitting sends and judges nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from domain.roles import Permission
from domain.scope import OutOfScope


class State(StrEnum):
    DRAFT = "draft"
    CHECKED = "checked"
    APPROVED = "approved"
    CERTIFIED = "certified"
    SUBMITTED = "submitted"
    SUPERSEDED = "superseded"
    DROPPED = "dropped"  # a correction that was opened by mistake: it stays in the register and never counts


class Action(StrEnum):
    EDIT = "edit"
    CHECK = "check"
    APPROVE = "approve"
    CERTIFY = "certify"
    SUBMIT = "submit"
    SEND_BACK = "send back"
    CORRECT = "correct"  # opens the next version; this one stays as it is until that is submitted
    SUPERSEDE = "supersede"  # done by the register when the next version is submitted, by nobody else
    DROP = "drop"  # ends a correction that is a draft; what it was to correct is the month's newest version again


SIGNED = (State.CHECKED, State.APPROVED, State.CERTIFIED)  # figures are frozen; an edit takes them back to draft
FINAL = (State.SUBMITTED, State.SUPERSEDED, State.DROPPED)  # never change again
JUDGEMENTS = (Action.CHECK, Action.APPROVE, Action.CERTIFY)

NEEDS: Mapping[Action, frozenset[Permission]] = {  # any one of them
    Action.EDIT: frozenset({Permission.BUILD_RETURNS}),
    Action.CHECK: frozenset({Permission.CHECK_RETURNS}),
    Action.APPROVE: frozenset({Permission.APPROVE_RETURNS}),
    Action.CERTIFY: frozenset({Permission.CERTIFY_RETURNS}),
    Action.SUBMIT: frozenset({Permission.SUBMIT_RETURNS}),
    Action.SEND_BACK: frozenset(
        {
            Permission.BUILD_RETURNS,
            Permission.CHECK_RETURNS,
            Permission.APPROVE_RETURNS,
            Permission.CERTIFY_RETURNS,
        }
    ),
    Action.CORRECT: frozenset({Permission.BUILD_RETURNS}),
    Action.SUPERSEDE: frozenset(),
    Action.DROP: frozenset({Permission.BUILD_RETURNS}),
}

SIGN_OFF: Mapping[str, Action] = {  # a template's step of signing -> the action that takes it; "prepared" is none
    "checked": Action.CHECK,
    "approved": Action.APPROVE,
    "certified": Action.CERTIFY,
    "submitted": Action.SUBMIT,
}

STATE_WORDS: Mapping[State, str] = {
    State.DRAFT: "Draft",
    State.CHECKED: "Checked by an analyst",
    State.APPROVED: "Approved by the senior responsible owner",
    State.CERTIFIED: "Certified by the chief finance officer",
    State.SUBMITTED: "Submitted",
    State.SUPERSEDED: "Superseded by a later version",
    State.DROPPED: "Correction dropped",
}


class NotNow(ValueError):
    """The return does not stand where this step begins; the message says where it stands and what comes next."""


class NotYours(OutOfScope):
    """The step can be taken now, but not by this person; the message says why and who can."""


@dataclass(frozen=True)
class Hands:
    """Whose work a version is: everyone who wrote on it, and who has signed it since it last was a draft."""

    authors: frozenset[str] = frozenset()
    signers: frozenset[str] = frozenset()


def transitions(certified: bool, correction: bool) -> dict[tuple[State, Action], State]:
    """(state, action) -> next state; a pair that is not there cannot happen.

    ``certified``: the template asks for a certificate. ``correction``: the version corrects one that was submitted.
    """
    last = State.CERTIFIED if certified else State.APPROVED
    steps = {
        (State.DRAFT, Action.EDIT): State.DRAFT,
        (State.DRAFT, Action.CHECK): State.CHECKED,
        (State.CHECKED, Action.APPROVE): State.APPROVED,
        (last, Action.SUBMIT): State.SUBMITTED,
        (State.SUBMITTED, Action.CORRECT): State.SUBMITTED,
        (State.SUBMITTED, Action.SUPERSEDE): State.SUPERSEDED,
    }
    if correction:
        steps[State.DRAFT, Action.DROP] = State.DROPPED
    if certified:
        steps[State.APPROVED, Action.CERTIFY] = State.CERTIFIED
    for state in SIGNED if certified else SIGNED[:2]:
        steps[state, Action.EDIT] = State.DRAFT
        steps[state, Action.SEND_BACK] = State.DRAFT
    return steps


def next_state(state: State, action: Action, *, certified: bool, correction: bool) -> State:
    """Where ``action`` leads; NotNow where it cannot be taken."""
    found = transitions(certified, correction).get((state, action))
    if found is None:
        raise NotNow(_not_now(state, action, certified, correction))
    return found


def _not_now(state: State, action: Action, certified: bool, correction: bool) -> str:
    if action is Action.DROP and not correction:
        return "Only a correction can be dropped, and this version corrects none."
    if action is Action.DROP and state in SIGNED:
        return "This correction has been signed. Send it back to draft first; then it can be dropped."
    if state is State.DROPPED:
        return "A correction that was dropped does not change. To correct the return, open a new version."
    if state in FINAL:
        return "A submitted return does not change. To correct it, open a new version and give the reason."
    if action is Action.CERTIFY and not certified:
        return "This fund's template asks for no certificate. The return can be submitted once it is approved."
    coming = coming_action(state, certified=certified)
    nothing = f"“{action.value}” cannot be done while the return is {state.value}"
    return f"{nothing}; the next step is “{coming.value}”." if coming else f"{nothing}."


def coming_action(state: State, *, certified: bool) -> Action | None:
    """The step that takes a return further; None once it is submitted or dropped."""
    return {
        State.DRAFT: Action.CHECK,
        State.CHECKED: Action.APPROVE,
        State.APPROVED: Action.CERTIFY if certified else Action.SUBMIT,
        State.CERTIFIED: Action.SUBMIT,
    }.get(state)


def check_may(action: Action, actor: str, permissions: Collection[Permission], hands: Hands) -> None:
    """Raise NotYours when this person may not take the step; the state is not looked at."""
    if not NEEDS[action] & set(permissions):
        raise NotYours(f"Your role may not {action.value} a return. {_WHO[action]}")
    if action not in JUDGEMENTS:
        return
    if actor in hands.authors:
        raise NotYours(
            f"You wrote part of this version, so somebody else must {action.value} it: nobody judges their own work."
        )
    if actor in hands.signers:
        raise NotYours(f"You have already signed this version, so somebody else must {action.value} it.")


def step(
    state: State,
    action: Action,
    *,
    certified: bool,
    correction: bool,
    actor: str,
    permissions: Collection[Permission],
    hands: Hands,
) -> State:
    """The state after ``actor`` takes ``action``; NotNow or NotYours when it cannot be taken."""
    found = next_state(state, action, certified=certified, correction=correction)
    check_may(action, actor, permissions, hands)
    return found


def may(
    state: State,
    action: Action,
    *,
    certified: bool,
    correction: bool,
    actor: str,
    permissions: Collection[Permission],
    hands: Hands,
) -> bool:
    try:
        step(
            state,
            action,
            certified=certified,
            correction=correction,
            actor=actor,
            permissions=permissions,
            hands=hands,
        )
    except (NotNow, NotYours):
        return False
    return True


_WHO: Mapping[Action, str] = {
    Action.EDIT: "Managers can.",
    Action.CHECK: "Another manager can.",
    Action.APPROVE: "The senior responsible owner (role “approver”) can.",
    Action.CERTIFY: "The chief finance officer (role “finance officer”) can.",
    Action.SUBMIT: "Managers and approvers can.",
    Action.SEND_BACK: "Managers, approvers and finance officers can.",
    Action.CORRECT: "Managers can.",
    Action.SUPERSEDE: "The portal does it when the next version is submitted.",
    Action.DROP: "Managers can.",
}


WAITS_FOR: Mapping[Action, str] = {
    Action.CHECK: "a manager who did not write it",
    Action.APPROVE: "the senior responsible owner",
    Action.CERTIFY: "the chief finance officer",
    Action.SUBMIT: "a manager or the senior responsible owner",
}
