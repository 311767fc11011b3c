"""A version of a return as a file: the PDF with its data inside, or the data alone. Page, route, job and command ask here."""

from __future__ import annotations

from dataclasses import dataclass

from data_access.returns import versions
from data_access.returns.versions import Version
from domain.return_states import State
from domain.scope import Scope
from reports.contents import contents_of
from reports.data_files.about import file_stem as file_stem_inside
from reports.data_files.csv_files import to_csv_bundle
from reports.data_files.document import as_document, canonical_bytes
from reports.data_files.formats import FORMATS
from reports.finishing import Attachment
from reports.model import ReturnContents
from reports.pdf import build_pdf

PDF = "pdf"
KINDS = (PDF, *FORMATS)
# Best first for whoever opens the file in five years: the one with a schema, the plainest, the one people edit.
INSIDE = ("json", "csv", "ods")


@dataclass(frozen=True)
class ReturnFile:
    name: str
    mime: str
    body: bytes


def return_file(scope: Scope, code: str, version: Version, kind: str) -> ReturnFile:
    """One of KINDS. An approved version's PDF is the sealed file of the register, byte for byte.

    Raises what ``contents_of`` raises, PdfError, ChartError, and Damaged for a stored file that has changed.
    """
    stem = file_stem(code, version)
    if kind == PDF and version.pdf_sha256:
        return ReturnFile(f"{stem}.pdf", "application/pdf", versions.sealed_pdf(scope, code, version))
    contents = contents_of(scope, code, version)
    if kind == PDF:
        return ReturnFile(f"{stem}.pdf", "application/pdf", printed(contents, number=version.number))
    chosen = FORMATS[kind]
    # The bundle alone has a file inside that is named after the version.
    body = to_csv_bundle(contents, version.number) if kind == "csv-bundle" else chosen.write(contents)
    return ReturnFile(f"{stem}.{chosen.extension}", chosen.mime_type, body)


def printed(contents: ReturnContents, as_checked: ReturnContents | None = None, *, number: int = 1) -> bytes:
    """The PDF with its data inside; ``as_checked``: what the analyst signed, so that its hash can be checked by anybody.

    ``number`` is the version's: the files inside a correction are not called like those of what it corrects.
    """
    frozen = (_as_checked(as_checked, contents, number),) if as_checked else ()
    return build_pdf(contents, (*attachments(contents, number), *frozen))


def _as_checked(bare: ReturnContents, contents: ReturnContents, number: int) -> Attachment:
    """The very bytes that the register's SHA-256 of the contents is of."""
    return Attachment(
        name=f"{file_stem_inside(bare, number)}-as-checked.json",
        body=canonical_bytes(as_document(bare)), mime="application/json",
        description=f"{contents.title}: what the analyst checked, before marks and signatures", relationship="Source",
        moment=contents.made_at,
    )  # fmt: skip


def attachments(contents: ReturnContents, number: int = 1) -> tuple[Attachment, ...]:
    return tuple(
        Attachment(
            name=FORMATS[key].file_name(contents, number),
            body=FORMATS[key].write(contents),
            mime=FORMATS[key].mime_type.split(";")[0],
            description=f"{contents.title}: {FORMATS[key].name}",
            relationship="Data",
            moment=contents.made_at,
        )
        for key in INSIDE
    )


def file_stem(code: str, version: Version) -> str:
    """ "demo-return-2023-12-v1", "demo-return-2023-12-v1-draft-3": what downloads are called."""
    mark = {State.DRAFT: f"-draft-{version.revision}", State.DROPPED: "-dropped"}.get(version.state, "")
    return f"{code}-return-{version.month}-v{version.number}{mark}".lower()
