"""``GET /returns/<programme>/<month>.<format>``: a return as a file, for those who may see returns of that programme.

``?version=2`` asks for that version; without it the one that was submitted is given, else the newest. An approved version's PDF is the sealed file from
the register, byte for byte; everything else is written from the version's contents when it is asked for.
"""

from __future__ import annotations

import hashlib

from flask import Flask, Response, abort, request

from access.answers import file_answer, sentence_answer
from access.requires import log_problem, route_requires
from access.viewer import current_scope
from data_access import audit
from data_access.reading import UnknownProgramme
from data_access.returns import versions
from data_access.returns.versions import Damaged, NoSuchVersion, Version
from domain.roles import Permission
from domain.scope import OutOfScope, Scope
from reports.charts import ChartError
from reports.contents import MonthNotHeld
from reports.data_files.schema import SCHEMA_FILE, SCHEMA_NAME
from reports.files import KINDS, PDF, return_file
from reports.pdf import PdfError


def address(programme: str, month: str, kind: str = PDF, version: int | None = None) -> str:
    return f"/returns/{programme}/{month}.{kind}" + (f"?version={version}" if version else "")


def register(server: Flask) -> None:
    @server.get(f"/returns/{SCHEMA_NAME}")
    @route_requires(Permission.VIEW_RETURNS)
    def return_schema() -> Response:
        """What the JSON of every return keeps to."""
        return Response(SCHEMA_FILE.read_bytes(), mimetype="application/schema+json")

    @server.get("/returns/<programme>/<month>.<kind>")
    @route_requires(Permission.VIEW_RETURNS)
    def give_return(programme: str, month: str, kind: str) -> Response:
        """The file with its hash as ETag; 404 with a sentence when there is no such month, version or format."""
        scope = current_scope()
        if kind not in KINDS:
            return sentence_answer(f"Returns are given as {', '.join(KINDS)}, not as “{kind[:20]}”.", 404)
        try:
            version = _version(scope, programme, month, request.args.get("version", ""))
            file = return_file(scope, programme, version, kind)
        except (OutOfScope, UnknownProgramme):
            abort(403)
        except (MonthNotHeld, NoSuchVersion, ValueError) as reason:
            return sentence_answer(str(reason), 404)
        except (PdfError, ChartError, Damaged) as problem:
            reference = log_problem("return")
            why = str(problem) if isinstance(problem, Damaged) else "The PDF could not be made, so none is given."
            return sentence_answer(f"{why} Report this with the reference {reference}.", 500)
        detail = {
            "month": month,
            "version": version.number,
            "format": kind,
            "sha256": hashlib.sha256(file.body).hexdigest(),
        }
        audit.note(actor=scope.actor, event="return downloaded", detail=detail, programme_code=programme)
        answer = file_answer(file.body, file.mime, file.name)
        answer.set_etag(detail["sha256"])
        return answer


def _version(scope: Scope, programme: str, month: str, asked: str) -> Version:
    if not asked:
        # While a correction is being written, what was submitted still stands.
        return versions.submitted_by_month(scope, programme).get(month) or versions.latest(scope, programme, month)
    if not (asked.isascii() and asked.isdecimal() and len(asked) <= 6):
        raise NoSuchVersion(f"“{asked[:20]}” is not a version; versions are numbered 1, 2, 3 and so on.")
    return versions.get(scope, programme, month, int(asked))
