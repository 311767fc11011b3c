"""How cells of the OpenDocument spreadsheet look: no colour carries a meaning."""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement

from domain.formats import MINUS
from reports.data_files.about import LANGUAGE
from reports.data_files.ods_xml import element, root, serialised
from reports.data_files.printed import GBP, PER_CENT, Printed

_CM_PER_CHARACTER = 0.24  # of Arial 12
_FONT = "Arial"


class Styles:
    """Column widths and number formats of one document, each made when first asked for."""

    def __init__(self) -> None:
        self._columns: dict[int, str] = {}
        self._numbers: dict[tuple[bool, str, str, int], str] = {}
        self._made: list[Element] = [
            element("style:style", {"style:name": "page", "style:family": "table", "style:master-page-name": "Default"},
                    element("style:table-properties", {"table:display": "true", "style:writing-mode": "lr-tb"})),
            element("style:style", {"style:name": "row", "style:family": "table-row"},
                    element("style:table-row-properties", {"style:use-optimal-row-height": "true"})),
        ]  # fmt: skip

    def column(self, characters: int) -> str:
        if characters not in self._columns:
            name = self._columns[characters] = f"wide{characters}"
            width = {"style:column-width": f"{characters * _CM_PER_CHARACTER:.2f}cm"}
            style = element("style:style", {"style:name": name, "style:family": "table-column"})
            SubElement(style, "style:table-column-properties", width)
            self._made.append(style)
        return self._columns[characters]

    def number(self, value: Printed) -> str:
        """The cell style that shows the number as it is printed."""
        key = (value.plus, value.unit, value.unit_printed, value.decimals)
        if key not in self._numbers:
            name = self._numbers[key] = f"number{len(self._numbers) + 1}"
            kind = {GBP: "currency", PER_CENT: "percentage"}.get(value.unit, "number")
            above, below = f"{name}above", f"{name}below"
            self._made += [_format(kind, above, value, "+" if value.plus else ""), _format(kind, below, value, MINUS)]
            format_ = _format(kind, f"{name}format", value, "")
            for condition, applied in (("value()>0", above), ("value()<0", below)):
                SubElement(format_, "style:map", {"style:condition": condition, "style:apply-style-name": applied})
            self._made.append(format_)
            self._made.append(
                element("style:style", {
                    "style:name": name, "style:family": "table-cell", "style:parent-style-name": "TextRight",
                    "style:data-style-name": f"{name}format",
                })
            )  # fmt: skip
        return self._numbers[key]

    def part(self) -> Element:
        return element("office:automatic-styles", {}, *self._made)


def _format(kind: str, name: str, value: Printed, sign: str) -> Element:
    found = element(f"number:{kind}-style", {"style:name": name})
    if sign:
        SubElement(found, "number:text").text = sign
    if kind == "currency":
        SubElement(found, "number:currency-symbol", {"number:language": "en", "number:country": "GB"}).text = "£"
    places = str(value.decimals)
    SubElement(found, "number:number", {
        "number:decimal-places": places, "number:min-decimal-places": places, "number:min-integer-digits": "1",
        "number:grouping": "true",
    })  # fmt: skip
    after = "%" if kind == "percentage" else (f" {value.unit_printed}" if value.unit_printed else "")
    if after:
        SubElement(found, "number:text").text = after
    return found


def styles_part() -> bytes:
    """Named styles, the language, and a page wide enough to print a table on."""
    top = root("office:document-styles")
    faces = SubElement(top, "office:font-face-decls")
    SubElement(
        faces, "style:font-face", {"style:name": _FONT, "svg:font-family": _FONT, "style:font-family-generic": "swiss"}
    )
    styles = SubElement(top, "office:styles")
    language, country = LANGUAGE.split("-")
    letters = {"style:font-name": _FONT, "fo:font-size": "12pt", "fo:language": language, "fo:country": country}
    default = SubElement(styles, "style:default-style", {"style:family": "table-cell"})
    SubElement(default, "style:text-properties", letters)
    SubElement(styles, "style:style", {"style:name": "Default", "style:family": "table-cell"})
    left, right = {"fo:text-align": "start"}, {"fo:text-align": "end"}
    styles.append(
        _cell_style("Heading_20_1", {}, left, {"fo:font-weight": "bold", "fo:font-size": "16pt"}, "Heading 1")
    )
    styles.append(_cell_style("Line", {}, left, {}))
    wrapped = {"fo:wrap-option": "wrap", "style:text-align-source": "fix", "style:vertical-align": "top"}
    headed = wrapped | {"style:vertical-align": "bottom"}
    styles.append(_cell_style("Head", headed, left, {"fo:font-weight": "bold"}))
    apart = {"fo:padding-right": "0.25cm"}  # so that text beside a number does not touch it
    styles.append(_cell_style("HeadRight", headed | apart, right, {"fo:font-weight": "bold"}))
    styles.append(_cell_style("Text", wrapped, left, {}))
    styles.append(_cell_style("TextRight", wrapped | apart, right, {}))
    layout = element("style:page-layout", {"style:name": "landscape"})
    SubElement(layout, "style:page-layout-properties", {
        "fo:page-width": "29.7cm", "fo:page-height": "21cm", "style:print-orientation": "landscape",
        "style:scale-to-X": "1", "style:scale-to-Y": "0",
    })  # fmt: skip
    SubElement(top, "office:automatic-styles").append(layout)
    page = {"style:name": "Default", "style:page-layout-name": "landscape"}
    SubElement(SubElement(top, "office:master-styles"), "style:master-page", page)
    return serialised(top)


def _cell_style(
    name: str, cell: dict[str, str], paragraph: dict[str, str], letters: dict[str, str], display: str = ""
) -> Element:
    shown = {"style:display-name": display} if display else {}
    style = element("style:style", {
        "style:name": name, **shown, "style:family": "table-cell", "style:parent-style-name": "Default",
    })  # fmt: skip
    if cell:
        SubElement(style, "style:table-cell-properties", cell)
    SubElement(style, "style:paragraph-properties", paragraph)
    if letters:
        SubElement(style, "style:text-properties", letters)
    return style


def settings_part() -> bytes:
    """Opens on the cover."""
    top = root("office:document-settings")
    views = SubElement(
        SubElement(top, "office:settings"), "config:config-item-set", {"config:name": "ooo:view-settings"}
    )
    indexed = SubElement(views, "config:config-item-map-indexed", {"config:name": "Views"})
    entry = SubElement(indexed, "config:config-item-map-entry")
    active = SubElement(entry, "config:config-item", {"config:name": "ActiveTable", "config:type": "string"})
    active.text = "Cover"
    return serialised(top)
