"""What the first lines of separated text say: separator, header, which column is what, how times and numbers are written."""

from __future__ import annotations

import csv
import re
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice

import numpy as np

from data_access.loading.mapping import NAMES, Mapping, columns_of, header_key
from data_access.loading.pings.lines import DELIMITERS
from data_access.loading.pings.places import PAIRS, Pair, pairs_of
from data_access.loading.pings.settle import read_numbers
from data_access.loading.pings.source import HEAD
from data_access.loading.pings.times import OTHER, TimeForm, form_of
from data_access.loading.records import LONGEST_HEADER, check_header
from data_access.loading.result import LoadRefused
from data_access.loading.source_file import SourceFile, refuse_binary

SAMPLE = 300
_UTC = re.compile(r"utc|gmt|zulu")
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+")


@dataclass(frozen=True)
class Layout:
    """``columns``: canonical name -> position. ``first_row``: the header's record number; rows follow it."""

    headers: list[str]
    columns: dict[str, int]
    pairs: list[Pair]
    form: TimeForm
    zone: str  # of times without one; empty: not said by the file
    delimiter: str = ","
    width: int = 0  # cells of a row: the header's, and empty ones after it where every row has them
    header_bytes: int = 0
    header_records: int = 0
    header_lines: int = 0
    quoted: bool = False
    decimal_comma: bool = False


def layout_of(head: bytes, name: str, mapping: Mapping, needs: tuple[str, ...]) -> Layout:
    """The layout; LoadRefused when the text has no header or lacks a column that is needed."""
    refuse_binary(SourceFile(name, head, ""))
    text, encoding = _decoded(head, name)
    delimiter = _delimiter(text)
    header, records, lines, end = _header(text, delimiter, name)
    cut = len(head) >= HEAD and end == len(text) and text[-1] not in "\r\n"
    check_header(name, len(header), LONGEST_HEADER + 1 if cut else 0)
    rows = _sample(text[end:], delimiter, whole=len(head) == len(text.encode(encoding)) and len(head) < HEAD)
    columns = find_columns(header, mapping, name, needs, f"{DELIMITERS[delimiter]} separated")
    sample = {c: [row[i] for row in rows if len(row) > i] for c, i in columns.items()}
    form, zone = look_at_times(sample, header[columns["time"]], mapping, name)
    comma = any(_DECIMAL_COMMA.fullmatch(c.strip()) for p in PAIRS for n in p for c in sample.get(n, ()))
    pairs = pairs_of(columns, mapping, {n: _numbers(sample[n], comma) for n in "xy" if n in sample}, name)
    # With commas between the cells "458,900" may be thousands; of degrees it can only be a decimal comma.
    comma = comma and (delimiter != "," or pairs[0].crs is None)
    extra = {len(row) - len(header) for row in rows if not any(c.strip() for c in row[len(header) :])}
    more = min(extra) if extra and min(extra) > 0 else 0
    bom = 3 if head.startswith(b"\xef\xbb\xbf") else 0
    return Layout(
        header, columns, pairs, form, zone, delimiter, len(header) + more,
        len(text[:end].encode(encoding)) + bom, records, lines, '"' in text[end:], comma,
    )  # fmt: skip


def _decoded(head: bytes, name: str) -> tuple[str, str]:
    """Text and its encoding; a character that the head's end cuts is left off."""
    for cut in range(4):
        try:
            return head[: len(head) - cut].decode("utf-8-sig"), "utf-8"
        except UnicodeDecodeError:
            continue
    try:
        return head.decode("cp1252"), "cp1252"
    except UnicodeDecodeError as error:
        raise LoadRefused(
            f"{name} is not text: byte {error.start + 1:,} belongs to neither UTF-8 nor Windows-1252. "
            "Save it as CSV UTF-8 and load that."
        ) from None


def _delimiter(text: str) -> str:
    first = next((line for line in text.splitlines() if line.strip()), "")

    def width(delimiter: str) -> int:
        try:
            return len(next(csv.reader([first], delimiter=delimiter), []))
        except csv.Error:
            return 0

    return max(DELIMITERS, key=width)


def _header(text: str, delimiter: str, name: str) -> tuple[list[str], int, int, int]:
    """(header, records up to it, lines up to it, characters up to its end)."""
    ends = [0]

    def each_line():  # type: ignore[no-untyped-def]
        for line in re.finditer(r"[^\r\n]*(?:\r\n?|\n)|[^\r\n]+", text):
            ends.append(line.end())
            yield line[0]

    reader = csv.reader(each_line(), delimiter=delimiter)
    try:
        for records, row in enumerate(reader, 1):
            if any(cell.strip() for cell in row):
                return row, records, reader.line_num, ends[-1]
    except csv.Error as error:
        raise LoadRefused(f"{name}: the first line cannot be read ({error}). Line 1 must name the columns.") from None
    raise LoadRefused(f"{name} holds nothing but blank space. Export or download it again.")


def _sample(text: str, delimiter: str, whole: bool) -> list[list[str]]:
    if not whole:
        text = text[: max(text.rfind("\n"), text.rfind("\r")) + 1]
    rows: list[list[str]] = []
    with suppress(csv.Error):  # what is wrong is said where the rows are read
        rows.extend(islice(csv.reader(text.splitlines(keepends=True), delimiter=delimiter), SAMPLE))
    return [row for row in rows if any(cell.strip() for cell in row)]


def find_columns(headers: list[str], mapping: Mapping, name: str, needs: tuple[str, ...], how: str) -> dict[str, int]:
    """Canonical name -> position; LoadRefused when what is needed is not there, or there twice."""
    found = columns_of(mapping, headers, "pings", name)
    if "time" not in found and "date" in found:
        found["time"] = found.pop("date")
    listed = (", ".join(h.strip() for h in headers if h.strip()) or "none")[:600]
    missing = [n for n in ("device", "time") if n in needs and n not in found]
    if not any(x in found and y in found for x, y in PAIRS):
        missing.append("longitude and latitude (or easting and northing)")
    unsaid = [
        what for what in ("provider", "team") if what in needs and what not in found and not getattr(mapping, what)
    ]
    say = f"Add {'one' if len(unsaid) == 1 else 'them'}, or say it with {' and '.join(f'--{what}' for what in unsaid)}."
    if missing:
        also = f" Nor has it a column {' or '.join(unsaid)}. {say}" if unsaid else ""
        raise LoadRefused(
            f"{name} has no column {', '.join(missing)} that is recognised. Line 1 must name the columns. Found "
            f"({how}): {listed}. Rename them, or name them in a mapping file (--mapping): [columns] and under it, "
            f'for example, {missing[0].split()[0]} = "{headers[0].strip()[:40]}".{also}'
        )
    if unsaid:
        raise LoadRefused(f"{name} has no column {' and no column '.join(unsaid)}. {say}")
    keys = [header_key(h) for h in headers]
    twice = sorted({h.strip() for h in found.values() if keys.count(header_key(h)) > 1})
    if twice:
        raise LoadRefused(f"{name} names the column {', '.join(twice)} twice. Keep one of them and load again.")
    return {c: headers.index(h) for c, h in found.items() if c in NAMES["pings"]}


def look_at_times(sample: dict[str, list[str]], header: str, mapping: Mapping, name: str) -> tuple[TimeForm, str]:
    """How times are written and the zone their column names; LoadRefused where they cannot be told or have no clock."""
    cells = sample["time"]
    if "date" in sample:
        cells = joined(sample["date"], cells)
    filled = [c.strip() for c in cells if c.strip()]
    if (
        filled
        and all(re.fullmatch(r"\d{4}-\d{1,2}-\d{1,2}|\d{1,2}/\d{1,2}/\d{4}", c) for c in filled)
        and len(filled) > 1
    ):
        raise LoadRefused(
            f"{name}: “{header.strip()}” holds dates without a time of day. Positions need the time; name its column in a "
            "mapping file (--mapping)."
        )
    return TimeForm.of(cells, mapping.time_unit), "UTC" if _UTC.search(header_key(header)) else ""


def joined(dates: list[str], clocks: list[str]) -> list[str]:
    """A date and a clock each; a time that has its own date stays as it is."""
    return [
        c if not d.strip() or not c.strip() or form_of(c) != OTHER else f"{d.strip()[:10].strip()} {c.strip()}"
        for d, c in zip(dates, clocks, strict=False)
    ]


def _numbers(cells: list[str], comma: bool) -> np.ndarray:
    values, _ = read_numbers(cells, comma)
    return values[~np.isnan(values)]
