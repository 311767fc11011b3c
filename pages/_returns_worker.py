"""The draft that the worker built by itself: its file, what it was made from, and whether that has moved since."""

from __future__ import annotations

from typing import Any

from dash import html

from components import states
from components.job_status import file_size
from domain import formats
from domain.jobs import Job, JobState
from jobs.drafts import draft_job
from jobs.routes import address
from pages._returns_shown import Shown
from reports.files import file_stem


def built_by_worker(s: Shown) -> list[Any]:
    """Nothing where the worker has built none: the button beside makes one."""
    job = draft_job(s.scope, s.programme.code, s.version.month)
    if job is None or not s.is_draft or s.version.is_correction:
        return []
    return [html.Div(_said(job, s), id="returns-worker")]


def _said(job: Job, s: Shown) -> Any:
    if job.state is JobState.DONE:
        return _built(job, s)
    if job.state is JobState.FAILED:
        reference = f" Reference: {job.reference}." if job.reference else ""
        return states.warning(f"The portal's worker could not build this draft. {job.error}{reference}")
    return html.P("The portal's worker is about to build this draft.", className="caption")


def _built(job: Job, s: Shown) -> list[Any]:
    when = formats.local_time(job.ended_at) if job.ended_at else ""
    said = html.P(f"Built unasked by the portal's worker on {when}. {job.said}", className="caption")
    if not job.has_file:
        return [html.P("The draft that the portal built is no longer kept. Make it anew."), said]
    link = html.A(
        f"Download the draft that the portal built ({file_size(job.size)})",
        href=address(job.token), download=job.file_name,
    )  # fmt: skip
    return [html.P(link), said, *_moved(job, s)]


def _moved(job: Job, s: Shown) -> list[Any]:
    """Files are called by their revision, so a save gives the next another name."""
    figures = job.arguments["data_sha256"] != s.contents.data_sha256
    words = job.file_name != f"{file_stem(s.programme.code, s.version)}.pdf"
    if not figures and not words:
        return []
    since = {
        (True, False): "Data were loaded or counted anew since, so its figures may have moved.",
        (False, True): "Words were saved since, and it does not hold them.",
        (
            True,
            True,
        ): "Data were loaded or counted anew and words were saved since, so neither may be what they are now.",
    }[figures, words]
    return [states.inset(html.P(f"{since} Make the PDF anew to have both as they are."))]
