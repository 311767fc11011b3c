"""What a sealed file holds, and whether anything but seals was written to it between one seal and the next.

Only for files whose bytes the last seal covers to the end: what is read here was written by who sealed it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO

from pyhanko.pdf_utils.generic import ArrayObject, DictionaryObject
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import HistoricalResolver, PdfFileReader
from pyhanko.sign.diff_analysis import SuspiciousModification
from pyhanko.sign.diff_analysis.commons import compare_dicts
from pyhanko.sign.fields import MDPPerm
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature

from reports.sealing.fields import STEPS
from reports.sealing.scan import Seal, seals_in

MOST_ATTACHMENTS = 200
_DATA = re.compile(r"\bData ([0-9a-f]{64})\b")


@dataclass(frozen=True)
class AttachedFile:
    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Holding:
    """``changed``: a sentence for each seal but the first on what else was written with it; "" where nothing was."""

    problems: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    attachments: tuple[AttachedFile, ...] = ()
    data_sha256: str = ""


def problems_of(pdf: bytes) -> tuple[str, ...]:
    """Why this is no longer what was sealed, whoever sealed it; empty where it is."""
    seals = seals_in(pdf)
    broken = tuple(f"In the seal “{seal.step or 'unreadable'}”, {seal.broken}." for seal in seals if seal.broken)
    if broken:
        return broken
    if not seals or seals[-1].end != len(pdf):
        return ("It has bytes that no seal covers.",)
    return read_whole(pdf, seals).problems


def read_whole(pdf: bytes, seals: Sequence[Seal]) -> Holding:
    """``pdf`` ends where the last of ``seals`` ends, and all are intact."""
    try:
        reader = PdfFileReader(BytesIO(pdf), strict=True)
        signatures = sorted(reader.embedded_regular_signatures, key=lambda signature: signature.signed_revision)
        problem = _not_ours(reader, signatures, seals)
        if problem:
            return Holding((problem,))
        changed = tuple(_sentence(s.field_name, _written_with(reader, s)) for s in signatures[1:])
        problems = tuple(sentence for sentence in changed if sentence)
        return Holding(problems, changed, tuple(_attachments(reader)), _data_sha256(reader))
    except (PdfError, KeyError, IndexError, ValueError, TypeError, AttributeError, RecursionError):
        return Holding(("The file is sealed, but it is not built as the portal builds a return.",))


def _not_ours(reader: PdfFileReader, signatures: Sequence[EmbeddedPdfSignature], seals: Sequence[Seal]) -> str:
    """Seals and the PDF's signatures must be the same, each in the field of its step, the first one certifying."""
    found = [(s.field_name, list(map(int, s.byte_range)), s.signed_revision) for s in signatures]
    wanted = [
        (seal.step, [0, seal.start, seal.resume, seal.end - seal.resume], number)
        for number, seal in enumerate(seals, 1)
    ]
    in_order = [seal.step for seal in seals] == [step for step in STEPS if step in {seal.step for seal in seals}]
    if not in_order or found != wanted or reader.xrefs.total_revisions != len(seals) + 1:
        return "The seals in the file do not belong together as the portal puts them on."
    first, certifying = signatures[0], reader.root["/Perms"]["/DocMDP"]
    if first.docmdp_level != MDPPerm.FILL_FORMS or certifying.raw_get("/ByteRange") != first.byte_range:
        return "The first seal does not forbid changes as the portal's first seal does."
    return ""


def _sentence(step: str, what: str) -> str:
    return f"Together with the seal “{step}” something else was changed in the file: {what}." if what else ""


def _written_with(reader: PdfFileReader, signature: EmbeddedPdfSignature) -> str:
    """What a later seal's revision holds beside the seal; "" for nothing.

    Three objects and no more: the signature, the field it fills, the revision's own table. pyHanko's policies allow
    metadata, looks and validation data too, and take two seconds a seal on a return.
    """
    revision = signature.signed_revision
    old, new = reader.get_historical_resolver(revision - 1), reader.get_historical_resolver(revision)
    for key in ("/Root", "/Info", "/Encrypt"):
        if _entry(old, key) != _entry(new, key):
            return f"the file's {key} is another one"
    field, value = signature.sig_field.container_ref, signature.sig_field.raw_get("/V").reference
    table = reader.xrefs.get_xref_container_info(revision).stream_ref
    written = new.explicit_refs_in_revision() | new.refs_freed_in_revision()
    if written != {field, value, table} or not old.is_ref_unassignable(value) or not old.is_ref_unassignable(table):
        return "a seal writes three objects of its own, and here there are others"
    before, after = old(field), new(field)
    try:
        compare_dicts(before, after, frozenset({"/V"}))
    except SuspiciousModification as problem:
        return str(problem)
    return "the field had been filled before" if "/V" in before else ""


def _entry(revision: HistoricalResolver, key: str) -> object:
    trailer = revision.trailer_view
    return trailer.raw_get(key) if key in trailer else None


def _attachments(reader: PdfFileReader) -> Iterator[AttachedFile]:
    names = reader.root.get("/Names", DictionaryObject())
    todo, found = [names["/EmbeddedFiles"]] if "/EmbeddedFiles" in names else [], 0
    while todo and found < MOST_ATTACHMENTS:
        node = todo.pop(0).get_object()
        todo += list(node.get("/Kids", ArrayObject()))
        pairs = node.get("/Names", ArrayObject())
        for index in range(1, len(pairs), 2):
            found += 1
            body = pairs[index]["/EF"]["/F"].data
            yield AttachedFile(str(pairs[index]["/UF"]), len(body), hashlib.sha256(body).hexdigest())


def _data_sha256(reader: PdfFileReader) -> str:
    """The subject of a return names the data it was made from (``reports.pdf.metadata_of``)."""
    found = _DATA.search(str(reader.trailer["/Info"].get("/Subject", "")))
    return found.group(1) if found else ""
