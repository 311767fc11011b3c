"""Numbers read back from the text that the reader sees, so that data and PDF cannot differ.

Strict on purpose: what :mod:`domain.formats` would not have written as a number stays a text. "2023" is a year, since a
count of that size reads "2,023".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from domain import formats

SYMBOLS = (formats.NOT_APPLICABLE, formats.UNAVAILABLE, formats.CONFIDENTIAL, formats.LOW, formats.UNRELIABLE)
GBP, PER_CENT = "GBP", "%"
_UNITS = {
    "minute": "minutes", "hour": "hours", "day": "days", "week": "weeks", "month": "months",
    "person-hour": "person-hours", "patrol-minute": "patrol-minutes", "person-minute": "person-minutes",
    "visit": "visits", "crime": "crimes", "metre": "metres",
}  # fmt: skip
_MEASURES = ("km²", "m²", "km", "m")
UNITS = (GBP, PER_CENT, *_UNITS.values(), *_MEASURES)
_UNIT_WORDS = (*_UNITS, *_UNITS.values(), *_MEASURES)
_NUMBER = re.compile(
    rf"(?P<sign>[+{formats.MINUS}]?)(?P<pound>£?)(?P<whole>[1-9][0-9]{{0,2}}(?:,[0-9]{{3}})+|[1-9][0-9]{{0,2}}|0)"
    rf"(?P<decimals>\.[0-9]+)?(?P<unit>%| (?:{'|'.join(map(re.escape, _UNIT_WORDS))}))?"
)
_MOST_DIGITS = 15  # more than a spreadsheet's number holds


@dataclass(frozen=True)
class Printed:
    """``plain`` is the number without commas and with an ASCII minus; "" where the text is none."""

    text: str
    plain: str = ""
    unit: str = ""
    symbol: str = ""

    @property
    def number(self) -> int | float | None:
        if not self.plain:
            return None
        return float(self.plain) if "." in self.plain else int(self.plain)

    @property
    def decimals(self) -> int:
        return len(self.plain.partition(".")[2])

    @property
    def plus(self) -> bool:
        """A change that is printed with its plus sign."""
        return bool(self.plain) and self.text.startswith("+")

    @property
    def unit_printed(self) -> str:
        """The word after the number, as it is there: "minute" after 1."""
        return self.text.partition(" ")[2] if self.plain else ""

    @property
    def stored(self) -> int | float:
        """What a spreadsheet's cell holds: 81% is 0.81 there, so that reckoning with it comes out right."""
        if self.unit == PER_CENT:
            return float(Decimal(self.plain) / 100)
        return self.number or 0

    def as_json(self) -> dict[str, str | int | float]:
        """``text``, then ``number`` and ``unit``, or ``symbol``; what there is none of is left out."""
        found: dict[str, str | int | float] = {"text": self.text}
        if self.number is not None:
            found["number"] = self.number
        return found | {name: value for name in ("unit", "symbol") if (value := getattr(self, name))}


def read_printed(text: str) -> Printed:
    """ "−£1,234.50" -> −1234.5 GBP; "[x]" -> a symbol; "7 of 7" stays a text."""
    if text in SYMBOLS:
        return Printed(text, symbol=text)
    found = _NUMBER.fullmatch(text)
    if not found or (found["pound"] and found["unit"]):
        return Printed(text)
    plain = found["whole"].replace(",", "") + (found["decimals"] or "")
    if len(plain.replace(".", "")) > _MOST_DIGITS:
        return Printed(text)
    word = (found["unit"] or "").strip()
    unit = GBP if found["pound"] else _UNITS.get(word, word)
    return Printed(text, ("-" if found["sign"] == formats.MINUS else "") + plain, unit)


def words_only(text: str) -> Printed:
    """A row's head or a cell of a column of words: a symbol where it is one, never a number."""
    return Printed(text, symbol=text if text in SYMBOLS else "")
