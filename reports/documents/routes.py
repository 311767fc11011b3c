"""``GET /documents/<programme>/<key>/<choice>.pdf``: a document as this viewer may have it."""

from __future__ import annotations

import hashlib

from flask import Flask, Response, abort

from access.answers import file_answer, sentence_answer
from access.requires import log_problem, route_requires
from access.viewer import current_scope
from data_access import audit
from data_access.reading import UnknownProgramme
from domain import formats
from domain.scope import OutOfScope
from reports.charts import ChartError
from reports.documents.model import NoSuchChoice
from reports.documents.registry import BASE_PERMISSION, DOCUMENTS, file_stem
from reports.pdf import PdfError


def address(programme: str, key: str, choice: str) -> str:
    return f"/documents/{programme}/{key}/{choice}.pdf"


def register(server: Flask) -> None:
    @server.get("/documents/<programme>/<key>/<choice>.pdf")
    @route_requires(BASE_PERMISSION)
    def document_file(programme: str, key: str, choice: str) -> Response:
        """The PDF with its hash as ETag; 403 without the document's own permission, 404 with a sentence."""
        scope, document = current_scope(), DOCUMENTS.get(key)
        if document is None:
            return sentence_answer(
                f"There is no document “{key[:40]}”; there are {formats.joined(list(DOCUMENTS))}.", 404
            )
        try:
            made = document.contents(scope, programme, choice)
            body = document.pdf(made)
        except (OutOfScope, UnknownProgramme):
            abort(403)
        except (NoSuchChoice, ValueError) as reason:
            return sentence_answer(str(reason), 404)
        except (PdfError, ChartError) as problem:
            reference = log_problem("document")
            return sentence_answer(f"{problem} No document is given. Report this with the reference {reference}.", 500)
        sha256 = hashlib.sha256(body).hexdigest()
        detail = {"document": key, "choice": choice, "sha256": sha256}
        audit.note(actor=scope.actor, event="document downloaded", detail=detail, programme_code=programme)
        answer = file_answer(body, "application/pdf", f"{file_stem(programme, key, choice)}.pdf")
        answer.set_etag(sha256)
        return answer
