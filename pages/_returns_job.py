"""Making a draft's PDF: a job of the task queue, so that the page stays free and the work can be left and come back to."""

from __future__ import annotations

from typing import Any

import dash
from dash import Input, Output, State, ctx, dcc, html

from access.requires import requires
from access.viewer import current_scope
from components import states
from components.job_status import job_poll, job_status
from data_access import jobs
from data_access.jobs import JobRefused, NoSuchJob
from domain.jobs import Job
from domain.roles import Permission
from domain.scope import OutOfScope, Scope
from jobs import queue
from jobs.return_kinds import PDF
from jobs.routes import address

TITLE = "The draft's PDF"
_KEPT = dash.no_update


def section(scope: Scope, code: str, month: str) -> list[Any]:
    """The button, and the last job of this person for this month."""
    mine = [
        j for j in jobs.list_own(scope) if (j.kind, j.programme_code, j.arguments.get("month")) == (PDF, code, month)
    ]
    last = mine[0] if mine else None
    return [
        html.Button("Make the PDF of this draft", id="returns-make", className="button", n_clicks=0, type="button"),
        dcc.Store(id="returns-job-token", data=last.token if last else ""),
        html.Div(_shown(last), id="returns-job"),
        job_poll("returns-job-poll", last),
    ]


def _shown(job: Job | None) -> Any:
    if job is None:
        return None
    return job_status(
        job, TITLE, file_address=address(job.token), cancel_id={"type": "returns-job-cancel", "of": "draft"}
    )


@dash.callback(
    Output("returns-job", "children"),
    Output("returns-job-token", "data"),
    Output("returns-job-poll", "disabled"),
    Input("returns-make", "n_clicks"),
    Input("returns-job-poll", "n_intervals"),
    Input({"type": "returns-job-cancel", "of": dash.ALL}, "n_clicks"),
    State("returns-job-token", "data"),
    State("returns-where", "data"),
    prevent_initial_call=True,
)
@requires(Permission.VIEW_RETURNS)
def follow(made: int, _polls: int, cancelled: list[int], token: str, where: dict[str, str]) -> tuple[Any, ...]:
    """Start, look again, or cancel: whichever was asked for; then the job as it stands."""
    scope, asked = current_scope(), ctx.triggered_id
    try:
        if asked == "returns-make":
            if not made:
                return (_KEPT,) * 3
            job = queue.start(scope, PDF, str(where["programme"]), month=str(where["month"]))
        elif isinstance(asked, dict):
            if not any(cancelled):
                return (_KEPT,) * 3
            job = jobs.cancel(scope, token)
        else:
            job = jobs.get(scope, token)
    except NoSuchJob:
        return states.warning("This job is no longer kept. Start again."), "", True
    except (JobRefused, OutOfScope) as reason:
        return states.warning(str(reason)), _KEPT, True
    return _shown(job), job.token, job.is_over
