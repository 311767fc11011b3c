"""A file that takes a while: a button that starts a job of the task queue, and how the job goes. The page may be left meanwhile."""

from __future__ import annotations

import json
from typing import Any

import dash
from dash import ALL, MATCH, Input, Output, State, ctx, dcc, html

from access.requires import requires
from access.viewer import current_scope
from components import states
from components.job_status import job_poll, job_status
from data_access import jobs
from data_access.jobs import JobRefused, NoSuchJob
from domain.jobs import Job
from domain.roles import Permission
from domain.scope import OutOfScope, Scope
from jobs import document_kinds, queue, return_kinds
from jobs.routes import address

OFFERED = (return_kinds.PDF, document_kinds.DOCUMENT)
MAKE, TOKEN, SHOWN, POLL, CANCEL = (f"job-{part}" for part in ("make", "token", "shown", "poll", "cancel"))
_KEPT = (dash.no_update,) * 3


def job_button(scope: Scope, kind: str, code: str, label: str, **arguments: str) -> html.Div:
    """The button, and this person's last job of the same kind and arguments."""
    key = json.dumps({"kind": kind, "programme": code, "label": label, "arguments": arguments}, sort_keys=True)
    mine = (j for j in jobs.list_own(scope) if (j.kind, j.programme_code, dict(j.arguments)) == (kind, code, arguments))
    last = next(mine, None)
    return html.Div(
        [
            html.Button(label, id=_id(MAKE, key), className="button job-make", n_clicks=0, type="button"),
            dcc.Store(id=_id(TOKEN, key), data=last.token if last else ""),
            html.Div(_shown(last, label, key), id=_id(SHOWN, key)),
            job_poll(_id(POLL, key), last),
        ],
        className="job-button",
    )


def _id(part: str, key: str) -> dict[str, str]:
    return {"type": part, "key": key}


def _shown(job: Job | None, label: str, key: str) -> Any:
    if job is None:
        return None
    return job_status(job, label, file_address=address(job.token), cancel_id={**_id(CANCEL, key), "of": "job"})


@dash.callback(
    Output(_id(SHOWN, MATCH), "children"),
    Output(_id(TOKEN, MATCH), "data"),
    Output(_id(POLL, MATCH), "disabled"),
    Input(_id(MAKE, MATCH), "n_clicks"),
    Input(_id(POLL, MATCH), "n_intervals"),
    Input({"type": CANCEL, "key": MATCH, "of": ALL}, "n_clicks"),
    State(_id(TOKEN, MATCH), "data"),
    prevent_initial_call=True,
)
@requires(Permission.OWN_ACCOUNT)
def follow(made: int, _polls: int, cancelled: list[int], token: str) -> tuple[Any, ...]:
    """Start, look again, or cancel: whichever was asked for; then the job as it stands. Each kind checks its own permission."""
    scope, asked = current_scope(), ctx.triggered_id
    if not asked:
        return _KEPT
    try:
        wanted = json.loads(asked["key"])
        job = _job(scope, asked["type"], wanted, made, cancelled, token)
    except NoSuchJob:
        return states.warning("This job is no longer kept. Start again."), "", True
    except (JobRefused, OutOfScope) as reason:
        return states.warning(str(reason)), dash.no_update, True
    if job is None:
        return _KEPT
    return _shown(job, str(wanted["label"]), asked["key"]), job.token, job.is_over


def _job(scope: Scope, part: str, wanted: dict[str, Any], made: int, cancelled: list[int], token: str) -> Job | None:
    """None where the page only drew a button anew."""
    if part == MAKE:
        if not made:
            return None
        if wanted["kind"] not in OFFERED:
            raise JobRefused("This page does not make such files. Reload it and try again.")
        arguments = {str(k): str(v) for k, v in wanted["arguments"].items()}
        return queue.start(scope, wanted["kind"], str(wanted["programme"]), **arguments)
    if part == CANCEL:
        return jobs.cancel(scope, token) if any(cancelled) else None
    return jobs.get(scope, token)
