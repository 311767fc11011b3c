"""``GET /briefings/<programme>.pdf?team=...&from=...&to=...``: the briefing as a file, for the operational roles."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Flask, Response, abort, request

from access.answers import file_answer, sentence_answer
from access.requires import log_problem, route_requires
from access.viewer import current_scope
from data_access import audit, briefing
from data_access.reading import UnknownProgramme
from domain import formats
from domain.roles import Permission
from domain.scope import OutOfScope
from reports.briefing_ask import asked
from reports.briefing_pdf import build_pdf
from reports.charts import ChartError
from reports.pdf import PdfError


def address(programme: str, found: briefing.Briefing) -> str:
    query = {"team": found.team.key, "from": found.period.start.isoformat(), "to": found.period.end.isoformat()}
    return f"/briefings/{programme}.pdf?{urlencode(query)}"


def register(server: Flask) -> None:
    @server.get("/briefings/<programme>.pdf")
    @route_requires(Permission.SEE_DAYS)
    def briefing_pdf(programme: str) -> Response:
        """One team and period as PDF; 404 with a sentence where there is nothing to brief on."""
        scope = current_scope()
        try:
            ask = asked(scope, programme, dict(request.args.items()))
            found = briefing.build(scope, programme, ask.team, ask.period)
            pdf = build_pdf(found)
        except (OutOfScope, UnknownProgramme):
            abort(403)
        except briefing.NoBriefing as reason:
            return sentence_answer(str(reason), 404)
        except (PdfError, ChartError):
            reference = log_problem("briefing")
            why = f"The PDF could not be made, so none is given. Report this with the reference {reference}."
            return sentence_answer(why, 500)
        what = {"what": f"briefing of {found.team.key}, {formats.span(found.period)}"}
        audit.note(actor=scope.actor, event="downloaded", detail=what, programme_code=programme)
        name = f"{programme}-briefing-{found.team.name}-{found.period.start}.pdf".lower().replace(" ", "-")
        safe = "".join(c for c in name if c.isascii() and (c.isalnum() or c in "-._"))
        return file_answer(pdf, "application/pdf", safe)
