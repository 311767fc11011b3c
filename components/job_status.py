"""How a job goes: a bar with words, a button to cancel it, a link to its file, or why there is none."""

from __future__ import annotations

from typing import Any

from dash import dcc, html

from domain import formats
from domain.jobs import Job, JobState

POLL_MILLISECONDS = 2000


def job_status(job: Job, title: str, *, file_address: str, cancel_id: Any) -> html.Div:
    """``title`` names what is made; ``file_address`` is where the file will be, ``cancel_id`` the button's id."""
    return html.Div([html.H3(title), *_body(job, title, file_address, cancel_id)], className="job-status")


def _body(job: Job, title: str, file_address: str, cancel_id: Any) -> list[Any]:
    if job.state is JobState.DONE:
        return [_done(job, file_address)]
    if job.state is JobState.FAILED:
        return [_failed(job)]
    if job.state is JobState.CANCELLED:
        return [html.P(job.said, role="status")]
    said = job.said if job.cancel_requested else f"{job.said} {formats.percent(job.progress)}"
    words = ["Cancel", html.Span(f": {title}", className="visually-hidden")]  # which, where there are several
    button = html.Button(words, id=cancel_id, n_clicks=0, className="button secondary", type="button")
    return [
        html.Progress(
            value=str(job.progress), max="1", className="job-progress", **{"aria-label": f"Progress: {title}"}
        ),
        # Polite and whole: a screen reader says each new sentence, and does not interrupt what it is reading.
        html.P(said, role="status", **{"aria-live": "polite", "aria-atomic": "true"}),
        *([] if job.cancel_requested else [button]),
    ]


def _done(job: Job, file_address: str) -> html.Div:
    until = f" It is kept until {formats.day(job.expires_at)}." if job.expires_at else ""
    if not job.has_file:
        return html.Div(html.P("The file is no longer kept. Start again to make a new one."), role="status")
    link = html.A(f"Download {job.file_name} ({file_size(job.size)})", href=file_address, download=job.file_name)
    return html.Div(html.P([link, f".{until}"]), role="status")


def _failed(job: Job) -> html.Div:
    reference = [html.P(f"Reference: {job.reference}", className="caption")] if job.reference else []
    return html.Div(
        [html.H4("It could not be made"), html.P(job.error), *reference], className="error-summary", role="alert"
    )


def file_size(size: int) -> str:
    """ "182 kB", "1.4 MB"."""
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{max(1, round(size / 1e3))} kB"


def job_poll(poll_id: Any, job: Job | None) -> dcc.Interval:
    """Asks again while the job is not over; still afterwards, and where there is no job."""
    return dcc.Interval(id=poll_id, interval=POLL_MILLISECONDS, disabled=job is None or job.is_over)
