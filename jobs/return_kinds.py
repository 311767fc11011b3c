"""Monthly returns as jobs: one month's PDF, and one month of many programmes in a ZIP.

reports is imported inside the functions: the worker's own process only looks after others and needs no PDF library.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from data_access import audit
from domain import formats
from domain.periods import parse_month
from domain.roles import Permission
from domain.scope import OutOfScope
from jobs.kinds import JobContext, Refused, Result, job_kind

if TYPE_CHECKING:
    from reports.files import ReturnFile

PDF = "return pdf"
PDFS = "returns of a month"
_NOT_MADE = "not-made.txt"


@job_kind(PDF, permission=Permission.VIEW_RETURNS, title="Monthly return as PDF")
def return_pdf(context: JobContext, *, month: str) -> Result:
    """The return of one programme and month."""
    code = context.programme_code
    if code is None:
        raise Refused("No programme was named, so no return was made. Choose a programme and start again.")
    context.progress(0.05, f"Making the return of {_month(month)}.")
    made = _pdf(context, code, month)
    return Result(made.name, made.mime, made.body)


@job_kind(
    PDFS,
    permission=Permission.VIEW_RETURNS,
    title="Monthly returns of several programmes",
    parts=lambda arguments: max(1, len(arguments.get("codes", ()))),
)
def returns_of_month(context: JobContext, *, month: str, codes: list[str]) -> Result:
    """A ZIP with the return of each programme, and a text that says which could not be made and why."""
    wanted = sorted(set(codes))
    made: dict[str, bytes] = {}
    missing: list[str] = []
    for at, code in enumerate(wanted):
        context.progress(
            at / len(wanted), f"Making the return of {code} for {_month(month)}: {at + 1} of {len(wanted)}."
        )
        try:
            file = _pdf(context, code, month)
            made[file.name] = file.body
        except (Refused, OutOfScope) as reason:
            missing.append(f"{code}: {reason}")
    if not made:
        raise Refused(f"No return of {_month(month)} could be made. {' '.join(missing)}".strip())
    if missing:
        made[_NOT_MADE] = ("These returns were not made:\n" + "\n".join(missing) + "\n").encode()
    return Result(f"returns-{month}.zip", "application/zip", _zip(made))


def _month(month: str) -> str:
    try:
        parse_month(month)
    except ValueError as reason:
        raise Refused(str(reason)) from reason
    return formats.month(month)


def _pdf(context: JobContext, code: str, month: str) -> ReturnFile:
    from data_access.reading import UnknownProgramme
    from data_access.returns import versions
    from reports.charts import ChartError
    from reports.contents import MonthNotHeld
    from reports.files import PDF as AS_PDF
    from reports.files import return_file
    from reports.pdf import PdfError

    try:
        version = versions.latest(context.scope, code, month)
        file = return_file(context.scope, code, version, AS_PDF)
    except (UnknownProgramme, MonthNotHeld, PdfError, ChartError, versions.Damaged) as reason:
        raise Refused(str(reason)) from reason
    detail = {"month": month, "version": version.number, "sha256": sha256(file.body).hexdigest()}
    audit.note(actor=context.scope.actor, event="return built", detail=detail, programme_code=code)
    return file


def _zip(files: Mapping[str, Any]) -> bytes:
    """With fixed times, so that the same returns give the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as held:
        for name in sorted(files):
            about = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            about.external_attr = 0o600 << 16
            held.writestr(about, files[name])  # PDFs are packed already
    return out.getvalue()
