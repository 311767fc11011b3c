"""Names and prefixes of OpenDocument's XML: names are written with their prefix, declared once at each part's top."""

from __future__ import annotations

from xml.etree import ElementTree
from xml.etree.ElementTree import Element

VERSION = "1.3"
_OASIS = "urn:oasis:names:tc:opendocument:xmlns:"
_PREFIXES = {
    "office": f"{_OASIS}office:1.0", "table": f"{_OASIS}table:1.0", "text": f"{_OASIS}text:1.0",
    "style": f"{_OASIS}style:1.0", "number": f"{_OASIS}datastyle:1.0", "fo": f"{_OASIS}xsl-fo-compatible:1.0",
    "meta": f"{_OASIS}meta:1.0", "config": f"{_OASIS}config:1.0", "svg": f"{_OASIS}svg-compatible:1.0",
    "dc": "http://purl.org/dc/elements/1.1/", "xlink": "http://www.w3.org/1999/xlink",
}  # fmt: skip


def element(name: str, attributes: dict[str, str] | None = None, *children: Element) -> Element:
    found = Element(name, attributes or {})
    found.extend(children)
    return found


def root(name: str) -> Element:
    declared = {f"xmlns:{prefix}": address for prefix, address in _PREFIXES.items()}
    return Element(name, {**declared, "office:version": VERSION})


def serialised(top: Element) -> bytes:
    return ElementTree.tostring(top, encoding="utf-8", xml_declaration=True)
