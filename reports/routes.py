"""``GET /returns/<programme>/<month>.pdf``: the return as a file, for those who may see returns of that programme."""

from __future__ import annotations

import hashlib

from flask import Flask, Response, abort

from access.requires import log_problem, route_requires
from access.viewer import current_scope
from data_access import audit
from data_access.reading import UnknownProgramme
from domain.roles import Permission
from domain.scope import OutOfScope
from reports.charts import ChartError
from reports.contents import MonthNotHeld, build_contents
from reports.pdf import PdfError, build_pdf


def address(programme: str, month: str) -> str:
    return f"/returns/{programme}/{month}.pdf"


def register(server: Flask) -> None:
    @server.get("/returns/<programme>/<month>.pdf")
    @route_requires(Permission.VIEW_RETURNS)
    def return_pdf(programme: str, month: str) -> Response:
        """The PDF with its hash as ETag; 404 with a sentence when there is no such month."""
        scope = current_scope()
        try:
            contents = build_contents(scope, programme, month)
            pdf = build_pdf(contents)
        except (OutOfScope, UnknownProgramme):
            abort(403)
        except (MonthNotHeld, ValueError) as reason:
            return Response(f"{reason}\n", status=404, mimetype="text/plain")
        except (PdfError, ChartError):
            reference = log_problem("return")
            text = f"The PDF could not be made, so none is given. Report this with the reference {reference}.\n"
            return Response(text, status=500, mimetype="text/plain")
        detail = {"month": month, "data_sha256": contents.data_sha256}
        audit.note(actor=scope.actor, event="return built", detail=detail, programme_code=programme)
        name = f"{programme}-return-{month}.pdf".lower()
        answer = Response(pdf, mimetype="application/pdf")
        answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        answer.headers["Cache-Control"] = "no-store"
        answer.set_etag(hashlib.sha256(pdf).hexdigest())
        return answer
