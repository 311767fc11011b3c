"""One return's standing: who has signed, what this viewer may do now and what that will do, and everything done so far."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import dash_bootstrap_components as dbc
from dash import html

from access.forms import csrf_input
from components import states
from components.forms import field
from components.table import scrolling
from data_access.returns.narrative import LEAST_REASON
from data_access.returns.versions import Step, Version
from domain import formats
from domain.programme import Programme
from domain.return_states import SIGN_OFF, SIGNED, STATE_WORDS, WAITS_FOR, Action, NotNow, NotYours, State
from domain.scope import Scope
from reports import routes
from reports.checks.model import Finding
from reports.standing import author_names, name_of_version

ACT = "/returns/act"
_BUTTONS = {
    Action.CHECK: "Sign as checked",
    Action.APPROVE: "Approve and seal",
    Action.CERTIFY: "Certify and seal",
    Action.SUBMIT: "Submit and seal",
}
_WILL = {
    Action.CHECK: "Your signature freezes every figure and word as shown on this page. Data loaded later will not change them. "
    "The return then goes to the senior responsible owner.",
    Action.APPROVE: "The PDF is made from what the analyst checked, with your name and the time in it, and sealed. "
    "From then on not a byte of it can change unseen.",
    Action.CERTIFY: "You certify the spend and claims in section H. Your name and the time are added to the sealed file.",
    Action.SUBMIT: "The return is closed for good under your name and its file can be sent. A mistake found later is "
    "corrected by a new version, never by a change.",
}
_TICKS = {
    Action.CHECK: "I have looked at the figures, the narrative and every check.",
    Action.APPROVE: "I have read the return and approve it.",
    Action.CERTIFY: "I have looked at section H and certify it.",
    Action.SUBMIT: "This is the file to be sent.",
}
_DONE = {
    Action.EDIT: "Saved",
    Action.CHECK: "Checked",
    Action.APPROVE: "Approved",
    Action.CERTIFY: "Certified",
    Action.SUBMIT: "Submitted",
    Action.SEND_BACK: "Sent back to draft",
    Action.CORRECT: "Correction opened",
    Action.SUPERSEDE: "Superseded",
    Action.DROP: "Correction dropped",
}


@dataclass(frozen=True)
class _Asked:
    """A step that asks for a reason; ``sure``: what must be ticked besides, for what cannot be taken back."""

    name: str
    opens: str
    button: str
    label: str
    will: str
    sure: str = ""


_WITH_REASON = {
    Action.SEND_BACK: _Asked(
        "returns-reason-back", "Send back to draft", "Send back to draft", "What must be changed",
        "Every signature of this round falls away; the steps below keep that they were given.",
    ),
    Action.CORRECT: _Asked(
        "returns-reason-correct", "Correct this return", "Open a correction", "What was wrong, and what is corrected",
        "A draft of the next version is opened with the same words. Version {number} stands until the new one is submitted.",
    ),
    Action.DROP: _Asked(
        "returns-reason-drop", "Drop this correction", "Drop this correction", "Why it is not needed",
        "Version {number} ends here: its words and steps stay to be read and can never be changed, signed or sent. "
        "Version {corrects} stands, and can be corrected again later.",
        "This correction is not to go on.",
    ),
}  # fmt: skip


def standing(version: Version, programme: Programme) -> html.Ol:
    """The steps of signing in their order: done by whom and when, next, or to come."""
    coming = version.coming(programme)
    items = []
    for key, words in version.template(programme).sign_off:
        given = version.signed(SIGN_OFF[key]) if key in SIGN_OFF else None
        if key == "prepared":
            said = (
                f"Done by {formats.joined(author_names(version))}"
                if version.authors
                else "Next: nobody has written yet"
            )
        elif given:
            said = f"Done by {given.who}, {formats.local_time(given.at)}"
        elif version.revision and SIGN_OFF[key] is coming:
            said = f"Next, by {WAITS_FOR[coming]}"
        else:
            said = "To come"
        items.append(
            html.Li(
                [html.Strong(words), html.Span(f": {said[0].lower()}{said[1:]}")],
                className="step-done" if said.startswith("Done") else None,
            )
        )
    return html.Ol(items, className="sign-steps", id="returns-steps")


def actions(scope: Scope, programme: Programme, version: Version, seen: str, left: list[Finding]) -> list[Any]:
    """Forms for what this viewer may do now; where they may not, a sentence says who can and why."""
    found = [*_signing(scope, programme, version, seen, left)]
    found += [
        _with_reason(programme, version, seen, action)
        for action in _WITH_REASON
        if version.may(action, scope, programme)
    ]
    return [html.H2("What you can do"), *found] if found else []


def _signing(scope: Scope, programme: Programme, version: Version, seen: str, left: list[Finding]) -> Iterator[Any]:
    coming = version.coming(programme)
    if coming is None or version.revision == 0:
        return
    try:
        version.after(coming, scope, programme)
    except (NotNow, NotYours) as reason:
        yield html.P(f"The next step is to {coming.value} the return. {reason}", id="returns-not-yours")
        return
    if coming is Action.CHECK and left:
        yield states.inset(
            html.P(
                f"It cannot be signed as checked yet: {formats.counted(len(left), 'finding')} of the checks below "
                "must be mended or explained first."
            )
        )
        return
    yield html.Form(
        [*_hidden(programme, version, seen, coming), html.P(_WILL[coming]), _sure(coming, _TICKS[coming]),
         html.Button(_BUTTONS[coming], type="submit", className="button", id="returns-sign")],
        method="post", action=ACT, className="sign-form",
    )  # fmt: skip


def _with_reason(programme: Programme, version: Version, seen: str, action: Action) -> html.Details:
    asked = _WITH_REASON[action]
    will = asked.will.format(number=version.number, corrects=version.corrects)
    if action is Action.SEND_BACK and version.is_correction:
        will += " Once it is a draft, this correction can also be dropped."
    box = dbc.Textarea(id=asked.name, name="reason", rows=3, required=True, minLength=LEAST_REASON, maxLength=2000)
    sure = [_sure(action, asked.sure)] if asked.sure else []
    button = html.Button(asked.button, type="submit", className="button secondary")
    form = html.Form(
        [*_hidden(programme, version, seen, action), html.P(will), field(asked.name, asked.label, box), *sure, button],
        method="post", action=ACT, className="sign-form" if sure else None,
    )  # fmt: skip
    return html.Details([html.Summary(asked.opens), form])


def _sure(action: Action, words: str) -> dbc.Checkbox:
    """The second, deliberate step: the server refuses without it."""
    return dbc.Checkbox(id=f"returns-sure-{action.value}", name="sure", value=False, label=words)


def _hidden(programme: Programme, version: Version, seen: str, action: Action) -> list[Any]:
    given = {
        "programme": programme.code, "month": version.month, "revision": version.month_revision, "seen": seen,
        "action": action.value,
    }  # fmt: skip
    return [csrf_input(), *(dbc.Input(type="hidden", name=key, value=str(value)) for key, value in given.items())]


def history(held: list[Version]) -> html.Details:
    """Every version, and every step ever taken, newest first."""
    steps = [(v, s) for v in held for s in v.steps]
    steps.sort(key=lambda pair: (pair[1].at, pair[1].revision), reverse=True)
    rows = [_step_row(v, s) for v, s in steps]
    head = html.Tr([html.Th(h, scope="col") for h in ("When", "What", "Who", "Version", "Note")])
    table = html.Table(
        [html.Caption("Every step, newest first; nothing here is ever changed"), html.Thead(head), html.Tbody(rows)],
        className="data-table",
    )
    wrapped = scrolling(table, "Table: steps of this return")
    return html.Details(
        [html.Summary(f"What was done so far ({formats.counted(len(rows), 'step')})"), wrapped], id="returns-history"
    )


def _step_row(version: Version, step_: Step) -> html.Tr:
    what = _DONE[step_.action]
    if step_.action is Action.EDIT and step_.before in SIGNED:
        what = f"Saved; back to draft from {step_.before.value}"
    cells = [what, step_.who, str(version.number), step_.note]
    return html.Tr([html.Th(formats.local_time(step_.at), scope="row"), *(html.Td(c) for c in cells)])


def versions_list(held: list[Version], code: str, shown: Version) -> list[Any]:
    """Where a month has several versions: each with its file, and what changed since the one it corrects."""
    if len(held) < 2:
        return []
    note = _NOT_STANDING.get(shown.state)
    said = [states.inset(html.P(f"This is version {shown.number}. {note}"))] if note else []
    return [html.H2("Versions"), *said, html.Ul([_version_item(v, code, shown) for v in held], id="returns-versions")]


_NOT_STANDING = {
    State.SUPERSEDED: "It no longer stands: a later version was submitted.",
    State.DROPPED: "It does not count and cannot be changed: it is a correction that was dropped before anybody sent it. Its "
    "words are as they were last saved; its figures were never frozen, so they follow the data.",
}


def _version_item(v: Version, code: str, shown: Version) -> html.Li:
    page = f"/returns?programme={code}&month={v.month}&version={v.number}"
    here = {"aria-current": "true"} if v.number == shown.number else {}
    dropped = v.state is State.DROPPED
    state = STATE_WORDS[v.state].lower() if dropped else v.state.value
    parts: list[Any] = [html.A(name_of_version(v), href=page, **here), f": {state}"]
    if v.correction_reason:
        parts.append(f". {v.correction_reason.removesuffix('.')}.")
    if dropped:
        last = v.steps[-1]
        parts.append(f" Dropped by {last.who}, {formats.local_time(last.at)}: {last.note}")
    if v.pdf_sha256:
        of = html.Span(f" of version {v.number}", className="visually-hidden")
        parts += [" ", html.A(["PDF", of], href=routes.address(code, v.month, version=v.number), download="")]
    if v.is_correction and not dropped:
        compare = f"/returns/compare?programme={code}&month={v.month}&before={v.corrects}&after={v.number}"
        parts += [" ", html.A(f"What changed since version {v.corrects}", href=compare)]
    return html.Li(parts)
