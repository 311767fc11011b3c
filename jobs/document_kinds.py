"""Documents as jobs: those that take longer than a page should wait for.

reports is imported inside the function, as in ``return_kinds``.
"""

from __future__ import annotations

from data_access import audit
from domain.roles import Permission
from jobs.kinds import JobContext, Refused, Result, job_kind

DOCUMENT = "document"


@job_kind(DOCUMENT, permission=Permission.VIEW_OVERVIEW, title="Document as PDF")
def made_document(context: JobContext, *, document: str, choice: str) -> Result:
    """One of ``reports.documents``; each has a permission of its own, which ``contents`` checks."""
    from hashlib import sha256

    from data_access.reading import UnknownProgramme
    from reports.charts import ChartError
    from reports.documents.model import NoSuchChoice
    from reports.documents.registry import DOCUMENTS, file_stem
    from reports.pdf import PdfError

    code, found = context.programme_code, DOCUMENTS.get(document)
    if code is None or found is None:
        raise Refused("No such document. Open the page Documents and start again.")
    try:
        context.progress(0.05, f"Working out the figures of “{found.title}”.")
        made = found.contents(context.scope, code, choice)
        context.progress(0.5, "Laying out the pages.")
        body = found.pdf(made)
    except (UnknownProgramme, NoSuchChoice, PdfError, ChartError, ValueError) as reason:
        raise Refused(str(reason)) from reason
    detail = {"document": document, "choice": choice, "sha256": sha256(body).hexdigest()}
    audit.note(actor=context.scope.actor, event="document built", detail=detail, programme_code=code)
    return Result(f"{file_stem(code, document, choice)}.pdf", "application/pdf", body)
