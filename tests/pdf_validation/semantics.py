"""What both validators let pass and a person with a screen reader would stumble over, each as a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pikepdf

HEADINGS = {f"/H{level}": level for level in range(1, 7)}


def semantics(path: Path) -> list[str]:
    """Tables without real heads, heads without scope, pictures and links without words, jumps, no language."""
    with pikepdf.open(path) as pdf:
        elements = _elements(pdf.Root.StructTreeRoot) if "/StructTreeRoot" in pdf.Root else []
        return [
            *_language(pdf, elements), *_headings(elements), *_tables(elements), *_pictures(elements),
            *_annotations(pdf),
        ]  # fmt: skip


def _language(pdf: pikepdf.Pdf, elements: list[pikepdf.Object]) -> Iterator[str]:
    """A document without one is read out in whatever voice the reader last used."""
    if not elements:
        yield "the document has no tags"
    if not str(pdf.Root.get("/Lang", "")).strip():
        yield "the document has no language"
    for number, element in enumerate(elements):
        if "/Lang" in element and not str(element.Lang).strip():
            yield f"element {number}: its language is empty"


def _headings(elements: list[pikepdf.Object]) -> Iterator[str]:
    """Who jumps from heading to heading takes a left-out level for a left-out part."""
    above = 0
    for element in elements:
        level = HEADINGS.get(str(element.S))
        if level is None:
            continue
        if above == 0 and level != 1:
            yield f"the first heading is of level {level}"
        elif level > above + 1:
            yield f"a heading of level {level} follows one of level {above}"
        above = level
    if elements and above == 0:
        yield "the document has no heading"


def _tables(elements: list[pikepdf.Object]) -> Iterator[str]:
    for number, element in enumerate(elements):
        if str(element.S) == "/Table":
            yield from (f"table {number}: {problem}" for problem in _table_problems(element))


def _table_problems(table: pikepdf.Object) -> list[str]:
    heads = [e for e in _elements(table) if str(e.S) == "/THead"]
    if not heads:
        return ["no head"]
    in_head = [e for head in heads for e in _elements(head) if str(e.S) in ("/TH", "/TD")]
    problems = [] if in_head else ["an empty head"]
    problems += ["its head holds TD" for e in in_head if str(e.S) == "/TD"]
    for row in (e for e in _elements(table) if str(e.S) == "/TR"):
        cells = [k for k in _kids(row) if str(k.get("/S", "")) in ("/TH", "/TD")]
        if cells and str(cells[0].S) != "/TH":
            problems.append("a row does not begin with TH")
    problems += ["a TH has no scope" for e in _elements(table) if str(e.S) == "/TH" and "/Scope" not in e.get("/A", {})]
    return problems


def _pictures(elements: list[pikepdf.Object]) -> Iterator[str]:
    for number, element in enumerate(elements):
        if str(element.S) == "/Figure" and not str(element.get("/Alt", "")).strip():
            yield f"figure {number}: no alternative text"


def _annotations(pdf: pikepdf.Pdf) -> Iterator[str]:
    for index, one in enumerate(pdf.pages, 1):
        for annotation in one.obj.get("/Annots", []):
            if annotation.Subtype == pikepdf.Name.Link and len(str(annotation.get("/Contents", "")).split()) < 2:
                yield f"page {index}: a link does not say where it goes"
            if annotation.Subtype == pikepdf.Name.Widget and not str(annotation.get("/TU", "")).strip():
                yield f"page {index}: a form field has no name for people"


def _kids(node: pikepdf.Object) -> list[pikepdf.Object]:
    kids = node.get("/K")
    kids = [] if kids is None else list(kids) if isinstance(kids, pikepdf.Array) else [kids]
    return [k for k in kids if isinstance(k, pikepdf.Dictionary) and "/S" in k]


def _elements(node: pikepdf.Object) -> list[pikepdf.Object]:
    found = []
    for kid in _kids(node):
        found += [kid, *_elements(kid)]
    return found
