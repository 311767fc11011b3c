"""The return as an OpenDocument spreadsheet, written part by part.

Not with odfdo, which the tests read it with: its template brings French as the language, euro formats, fonts of one
machine and a thumbnail, and it has no words for number formats, head rows or database ranges, so all would be ours anyway.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from reports.data_files.about import LANGUAGE, utc
from reports.data_files.layout import Cell, Link, Sheet, clean, sheets, stands_right, widths
from reports.data_files.ods_styles import Styles, settings_part, styles_part
from reports.data_files.ods_xml import element, root, serialised
from reports.data_files.packing import packed
from reports.data_files.printed import GBP, PER_CENT, Printed
from reports.model import ReturnContents
from settings import VERSION

MIME_TYPE = "application/vnd.oasis.opendocument.spreadsheet"
_RUNS = re.compile(r"( {2,}|^ | $)")  # white space that XML readers would fold


def to_ods(contents: ReturnContents) -> bytes:
    """The same contents give the same bytes."""
    found = sheets(contents)
    parts = {
        "content.xml": _content(found),
        "styles.xml": styles_part(),
        "meta.xml": _meta(contents, found),
        "settings.xml": settings_part(),
    }
    manifest = _manifest(tuple(parts))
    # The type must be the first part, and readable without unpacking.
    everything = [("mimetype", MIME_TYPE.encode()), *parts.items(), ("META-INF/manifest.xml", manifest)]
    return packed(everything, contents.made_at, plain="mimetype")


def _content(found: tuple[Sheet, ...]) -> bytes:
    top, styles = root("office:document-content"), Styles()
    body = element("office:spreadsheet")
    for sheet in found:
        body.append(_sheet(sheet, styles))
    names = SubElement(body, "table:named-expressions")
    ranges = SubElement(body, "table:database-ranges")
    for at, sheet in enumerate(found, 1):
        if not sheet.rows:
            continue
        address = _address(sheet)
        SubElement(names, "table:named-range", {
            "table:name": f"Table_{at}", "table:cell-range-address": address,
            "table:base-cell-address": f"{_quoted(sheet.name, '$')}.$A$1",
        })  # fmt: skip
        SubElement(ranges, "table:database-range", {
            "table:name": f"Range_{at}", "table:target-range-address": address.replace("$", ""),
            "table:contains-header": "true", "table:display-filter-buttons": "false",
        })  # fmt: skip
    top.append(styles.part())
    SubElement(top, "office:body").append(body)
    return serialised(top)


def _sheet(sheet: Sheet, styles: Styles) -> Element:
    page = element("table:table", {"table:name": sheet.name, "table:style-name": "page"})
    for width in widths(sheet):
        SubElement(page, "table:table-column", {"table:style-name": styles.column(width)})
    for at, line in enumerate(sheet.lines):
        page.append(_row([_text_cell(line, "Heading_20_1" if at == 0 else "Line")]))
    head = SubElement(page, "table:table-header-rows")
    numeric = [sheet.is_numeric(at) for at in range(len(sheet.head))]
    head.append(_row([_text_cell(h, "HeadRight" if n else "Head") for h, n in zip(sheet.head, numeric, strict=True)]))
    for row in sheet.rows:
        page.append(_row([_cell(cell, n, styles) for cell, n in zip(row, numeric, strict=True)]))
    return page


def _row(cells: list[Element]) -> Element:
    row = element("table:table-row", {"table:style-name": "row"})
    row.extend(cells)
    return row


def _cell(cell: Cell, numeric: bool, styles: Styles) -> Element:
    if isinstance(cell, Link):
        found = element("table:table-cell", {"table:style-name": "Text", "office:value-type": "string"})
        where = f"#{_quoted(cell.sheet)}.A1"
        link = SubElement(SubElement(found, "text:p"), "text:a", {"xlink:type": "simple", "xlink:href": where})
        link.text = cell.text
        return found
    if not cell.text:
        return element("table:table-cell", {"table:style-name": "Text"})
    if cell.number is None:
        return _text_cell(cell.text, "TextRight" if stands_right(cell, numeric) else "Text")
    found = element("table:table-cell", {"table:style-name": styles.number(cell), **_value(cell)})
    SubElement(found, "text:p").text = cell.text
    return found


def _value(cell: Printed) -> dict[str, str]:
    value = {"office:value": repr(cell.stored)}
    if cell.unit == GBP:
        return {"office:value-type": "currency", "office:currency": GBP, **value}
    return {"office:value-type": "percentage" if cell.unit == PER_CENT else "float", **value}


def _text_cell(text: str, style: str) -> Element:
    cell = element("table:table-cell", {"table:style-name": style, "office:value-type": "string"})
    for line in text.split("\n"):
        _fill_paragraph(SubElement(cell, "text:p"), line)
    return cell


def _fill_paragraph(paragraph: Element, line: str) -> None:
    """Runs of spaces have elements of their own."""
    last: Element | None = None
    for piece in _RUNS.split(line):
        if piece and not piece.strip(" "):
            last = SubElement(paragraph, "text:s", {"text:c": str(len(piece))})
        elif last is not None:
            last.tail = (last.tail or "") + piece
        else:
            paragraph.text = (paragraph.text or "") + piece


def _quoted(name: str, before: str = "") -> str:
    return before + "'" + name.replace("'", "''") + "'"


def _address(sheet: Sheet) -> str:
    last = _letters(len(sheet.head))
    return f"{_quoted(sheet.name, '$')}.$A${sheet.head_row}:.${last}${sheet.last_row}"


def _letters(column: int) -> str:
    """1 -> "A", 27 -> "AA"."""
    found = ""
    while column:
        column, rest = divmod(column - 1, 26)
        found = chr(ord("A") + rest) + found
    return found


def _meta(contents: ReturnContents, found: tuple[Sheet, ...]) -> bytes:
    top = root("office:document-meta")
    meta = SubElement(top, "office:meta")
    moment = utc(contents.made_at).strftime("%Y-%m-%dT%H:%M:%SZ")
    for name, text in _about(contents, moment):
        SubElement(meta, name).text = clean(text)
    SubElement(meta, "meta:document-statistic", {"meta:table-count": str(len(found))})
    return serialised(top)


def _about(contents: ReturnContents, moment: str) -> Iterator[tuple[str, str]]:
    who = contents.recipient or contents.force
    yield "meta:generator", f"Hot spots reporting portal/{VERSION}"
    yield "dc:title", contents.title
    yield "dc:subject", f"{contents.marking}. {contents.status}."
    yield "dc:description", f"Data {contents.data_sha256}."
    yield "meta:initial-creator", who
    yield "dc:creator", who
    yield "meta:creation-date", moment
    yield "dc:date", moment
    yield "dc:language", LANGUAGE


def _manifest(parts: tuple[str, ...]) -> bytes:
    top = Element("manifest:manifest", {
        "xmlns:manifest": "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0", "manifest:version": "1.3",
    })  # fmt: skip
    for path, kind in (("/", MIME_TYPE), *((part, "text/xml") for part in parts)):
        version = {"manifest:version": "1.3"} if path == "/" else {}
        SubElement(top, "manifest:file-entry", {"manifest:full-path": path, "manifest:media-type": kind, **version})
    return ElementTree.tostring(top, encoding="utf-8", xml_declaration=True)
