"""The places where seals go: one empty signature field a step, invisible, tagged so that PDF/UA-1 and PDF/A-3a hold.

All are made with the first seal, so a later one adds its signature and changes nothing else.
"""

from __future__ import annotations

from typing import Literal, get_args

from pyhanko.pdf_utils.generic import (
    ArrayObject,
    DictionaryObject,
    IndirectObject,
    NumberObject,
    pdf_name,
    pdf_string,
)
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

Step = Literal["approved", "certified", "submitted"]
STEPS: tuple[Step, ...] = get_args(Step)  # in the order in which they are taken
FIELD_NAMES: dict[Step, str] = {
    "approved": "Seal of approval",
    "certified": "Seal of certification",
    "submitted": "Seal of submission",
}
_PRINT_AND_LOCKED = 132  # PDF/A-3 wants the print flag, and that no annotation be hidden
_SIGNATURES_EXIST_APPEND_ONLY = 3


def add_fields(writer: IncrementalPdfFileWriter) -> None:
    """An empty field for each step, on the last page, where people sign on paper."""
    root = writer.root
    last = writer.prev.root["/Pages"]["/Count"] - 1
    page_reference, _ = writer.find_page_for_modification(last)
    page, tree = page_reference.get_object(), root["/StructTreeRoot"]
    numbers = tree["/ParentTree"]["/Nums"]
    first_free = max((int(numbers[i]) for i in range(0, len(numbers), 2)), default=-1) + 1
    references = []
    for key, (step, words) in enumerate(FIELD_NAMES.items(), first_free):
        widget = _widget(step, words, page_reference, key)
        references.append(writer.add_object(widget))
        element = _form_element(writer, tree, references[-1], page_reference, words)
        numbers.extend((NumberObject(key), element))
    writer.update_container(numbers)
    if "/ParentTreeNextKey" in tree:
        tree["/ParentTreeNextKey"] = NumberObject(first_free + len(references))
        writer.update_container(tree)
    held = page.get("/Annots")
    page["/Annots"] = ArrayObject([*(held or ()), *references])
    writer.mark_update(page_reference)
    form = {
        pdf_name("/Fields"): ArrayObject(references),
        pdf_name("/SigFlags"): NumberObject(_SIGNATURES_EXIST_APPEND_ONLY),
    }
    root["/AcroForm"] = writer.add_object(DictionaryObject(form))
    writer.update_root()


def _widget(step: str, words: str, page: IndirectObject, key: int) -> DictionaryObject:
    """Of no size, so without an appearance; TU is what a screen reader says."""
    return DictionaryObject({
        pdf_name("/Type"): pdf_name("/Annot"), pdf_name("/Subtype"): pdf_name("/Widget"),
        pdf_name("/FT"): pdf_name("/Sig"), pdf_name("/T"): pdf_string(step), pdf_name("/TU"): pdf_string(words),
        pdf_name("/Rect"): ArrayObject([NumberObject(0)] * 4), pdf_name("/F"): NumberObject(_PRINT_AND_LOCKED),
        pdf_name("/P"): page, pdf_name("/StructParent"): NumberObject(key),
    })  # fmt: skip


def _form_element(
    writer: IncrementalPdfFileWriter, tree: DictionaryObject, widget: IndirectObject, page: IndirectObject, words: str
) -> IndirectObject:
    """The widget's place in the reading order: the end of the document."""
    document_reference = tree.raw_get("/K")
    if isinstance(document_reference, ArrayObject):
        document_reference = document_reference.raw_get(0)
    document = document_reference.get_object()
    element = writer.add_object(DictionaryObject({
        pdf_name("/Type"): pdf_name("/StructElem"), pdf_name("/S"): pdf_name("/Form"), pdf_name("/P"): document_reference,
        pdf_name("/Pg"): page, pdf_name("/Alt"): pdf_string(words),
        pdf_name("/K"): DictionaryObject({
            pdf_name("/Type"): pdf_name("/OBJR"), pdf_name("/Obj"): widget, pdf_name("/Pg"): page,
        }),
    }))  # fmt: skip
    kids = document.raw_get("/K")
    kids = kids.get_object() if isinstance(kids, IndirectObject) else kids
    document["/K"] = ArrayObject([*(kids if isinstance(kids, ArrayObject) else [kids]), element])
    writer.mark_update(document_reference)
    return element
