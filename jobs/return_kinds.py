"""Monthly returns as jobs: one month's PDF, one month of many programmes in a ZIP, and the draft that the worker builds.

reports is imported inside the functions: the worker's own process only looks after others and needs no PDF library.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from data_access import audit
from domain import formats
from domain.jobs import DRAFT_RETURN, SCHEDULED
from domain.periods import parse_month
from domain.roles import Permission
from domain.scope import OutOfScope
from jobs.kinds import JobContext, Moved, Refused, Result, job_kind

if TYPE_CHECKING:
    from data_access.returns.versions import Version
    from reports.files import ReturnFile
    from reports.model import ReturnContents

PDF = "return pdf"
PDFS = "returns of a month"
_NOT_MADE = "not-made.txt"
_DATA_MOVED = "Data were loaded or counted anew after this was asked for. The worker asks again."


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


@job_kind(DRAFT_RETURN, permission=SCHEDULED[DRAFT_RETURN], title="Draft return, built by the worker")
def draft_return(context: JobContext, *, month: str, data_sha256: str) -> Result:
    """A draft's PDF, made from the data that were there when it was asked for, and how many findings the ten checks have."""
    from data_access.programmes import data_as_at
    from data_access.returns import versions
    from domain.return_states import State
    from reports.checks.answers import unanswered
    from reports.checks.run import run_checks, texts_of
    from reports.contents import contents_of
    from reports.files import file_stem, printed

    code, words = context.programme_code or "", _month(month)
    context.progress(0.05, f"Working out the figures of {words}.")
    with _refused_in_words():
        version = versions.latest(context.scope, code, month)
        if version.state is not State.DRAFT:
            raise Moved(f"The return of {words} is {version.state.value}, so there is no draft to build.")
        # Before as well: data that moved may no longer hold the month, and that is not what was asked for either.
        if data_as_at(context.scope, code).data_sha256 != data_sha256:
            raise Moved(_DATA_MOVED)
        contents = contents_of(context.scope, code, version)
        if contents.data_sha256 != data_sha256:
            raise Moved(_DATA_MOVED)
        context.progress(0.3, "Running the ten checks.")
        results = run_checks(context.scope, contents, texts_of(version), version.reasons)
        context.progress(0.6, "Laying out the pages.")
        body = printed(contents)
    left = len(unanswered(results, version.reasons))
    _note_built(context, code, version, body)
    name = f"{file_stem(code, version)}.pdf"
    return Result(name, "application/pdf", body, _built_from(contents, left))


def _built_from(contents: ReturnContents, left: int) -> str:
    stand = "stands" if left == 1 else "stand"
    found = f"{formats.counted(left, 'finding')} of the ten checks {stand} in the way of the signature" if left else ""
    made_from = f"Made from data {contents.data_hash_short} ({contents.data_as_at}), {contents.narrative}"
    return f"{made_from}; {found or 'the ten checks find nothing in the way of the signature'}."


def _month(month: str) -> str:
    try:
        parse_month(month)
    except ValueError as reason:
        raise Refused(str(reason)) from reason
    return formats.month(month)


def _pdf(context: JobContext, code: str, month: str) -> ReturnFile:
    from data_access.returns import versions
    from reports.files import PDF as AS_PDF
    from reports.files import return_file

    with _refused_in_words():
        version = versions.latest(context.scope, code, month)
        file = return_file(context.scope, code, version, AS_PDF)
    _note_built(context, code, version, file.body)
    return file


@contextmanager
def _refused_in_words() -> Iterator[None]:
    """What cannot be helped by trying again, told to the job's owner as it is."""
    from data_access.reading import UnknownProgramme
    from data_access.returns.versions import Damaged
    from reports.charts import ChartError
    from reports.contents import MonthNotHeld
    from reports.pdf import PdfError

    try:
        yield
    except (UnknownProgramme, MonthNotHeld, PdfError, ChartError, Damaged) as reason:
        raise Refused(str(reason)) from reason


def _note_built(context: JobContext, code: str, version: Version, body: bytes) -> None:
    detail = {"month": version.month, "version": version.number, "sha256": sha256(body).hexdigest()}
    audit.note(actor=context.scope.actor, event="return built", detail=detail, programme_code=code)


def _zip(files: Mapping[str, Any]) -> bytes:
    """With fixed times, so that the same returns give the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as held:
        for name in sorted(files):
            about = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            about.external_attr = 0o600 << 16
            held.writestr(about, files[name])  # PDFs are packed already
    return out.getvalue()
