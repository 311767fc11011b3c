"""``GET /jobs/<token>``: a job's file, for its owner, or for the programme the worker made it for; ``GET /returns/calendar.ics``: when returns are due."""

from __future__ import annotations

from datetime import datetime

from flask import Flask, Response, abort

from access.answers import file_answer, sentence_answer
from access.requires import route_requires
from access.viewer import current_scope
from data_access import audit, jobs
from data_access.jobs import JobRefused, NoResult, NoSuchJob
from data_access.programmes import get_programme, list_programmes
from data_access.uploads import safe_name
from domain.jobs import JobState
from domain.periods import LONDON
from domain.roles import Permission
from jobs.calendar import due_dates_ics
from jobs.kinds import kind_of
from settings import load_settings


def address(token: str) -> str:
    """Where a job's file is."""
    return f"/jobs/{token}"


def register(server: Flask) -> None:
    @server.get("/jobs/<token>")
    @route_requires(Permission.OWN_ACCOUNT)
    def job_result(token: str) -> Response:
        """Each kind carries its own, stricter permission, checked here; somebody else's job does not exist."""
        scope = current_scope()
        try:
            job = jobs.get(scope, token)
            kind = kind_of(job.kind)
            scope.require(kind.permission)  # 403: the role was changed since
            job, content = jobs.read_result(scope, token)
        except (NoSuchJob, JobRefused):
            abort(404)
        except NoResult as reason:
            gone = jobs.get(scope, token).state is JobState.DONE
            return sentence_answer(str(reason), 410 if gone else 409)
        what = {"what": f"{kind.title}: {job.file_name}"}
        audit.note(actor=scope.actor, event="downloaded", detail=what, programme_code=job.programme_code or "")
        answer = Response(content, content_type=job.mime)
        # A kind names its file, perhaps not in ASCII: Werkzeug writes it as RFC 6266 has it.
        answer.headers.set("Content-Disposition", "attachment", filename=safe_name(job.file_name))
        return answer

    @server.get("/returns/calendar.ics")
    @route_requires(Permission.VIEW_RETURNS)
    def returns_calendar() -> Response:
        """Due dates of the viewer's programmes, for a calendar program."""
        scope = current_scope()
        programmes = [get_programme(scope, one.code) for one in list_programmes(scope)]
        content = due_dates_ics(programmes, datetime.now(LONDON).date(), load_settings().mail.portal_address)
        audit.note(actor=scope.actor, event="downloaded", detail={"what": "calendar of due dates"})
        return file_answer(content, "text/calendar; charset=utf-8", "returns-due.ics")
