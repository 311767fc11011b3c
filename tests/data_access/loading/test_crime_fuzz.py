"""Thousands of crime files, whole and spoilt: read = loaded + duplicate + rejected, or a plain refusal that changes nothing.

FUZZ_EXAMPLES says how many are tried (150 unless said).
"""

from __future__ import annotations

import io
import os
import random
import re
import zipfile
from datetime import date, datetime, time
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from sqlalchemy import func, select

from data_access import schema as s
from data_access.loading import LoadRefused
from data_access.loading.mapping import Mapping

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "150"))
HEADERS = {
    "crime_ref": ["crime_ref", "Crime Number", "URN", "K1"],
    "occurred_from": ["occurred_from", "Date From", "DATE", "K2"],
    "time": ["Time From", "time"],
    "occurred_to": ["occurred_to", "Date To", "End Date"],
    "offence_code": ["offence_code", "HO Code"],
    "offence_title": ["offence_title", "Offence", "Description"],
    "offence_group": ["offence_group", "Crime Type", "K3"],
    "other": ["Notes", "", "x27700", "Date", "Crime_Ref"],
}
PAIRS = [
    ("longitude", "latitude"),
    ("Lon", "Lat"),
    ("Easting", "Northing"),
    ("X", "Y"),
    ("K4", "K5"),
    ("longitude", "Northing"),
]
MAPPED = {"K1": "crime_ref", "K2": "occurred_from", "K3": "offence_group", "K4": "easting", "K5": "northing"}
WHEN = ["2023-02-13 14:05", "13/02/2023", "2023-03-26 01:30", "2023-10-29 01:30", "2023-02-30", "31/12/2023 23:59:59", "02/13/2023",
        "2033-01-01", "1805-10-21", "", "soon", "2023-02-13T10:00:00Z", "2023-02-13 10:00+99:00", "9999-12-31", "44970.5",
        datetime(2023, 2, 13, 14, 5), date(2023, 2, 14), datetime(1900, 1, 1), datetime(9999, 12, 31), 44970.5, -1, True]  # fmt: skip
PLACE = ["-1.13", "52.63", "-1,13", "52,63", "458900", "304100", "458900,5", "0", "", "NaN", "inf", "1e999", "-181", "west", "9" * 400,
         -1.13, 52.63, 458900, 304100.25, 0, 1e300, True]  # fmt: skip
TEXT = ["", "A1", "A1", "A2", "Theft", "Anti-social behaviour", "x" * 400, 'a "quoted" one', "a, b; c\td", "two\nlines", "é‘’—", "=1+1",
        "\u2028", "#N/A", "None", 7, 7.0, 1e22, False]  # fmt: skip
CLOCK = ["14:05", "1405", "", "25:00", "noon", time(14, 5), datetime(1900, 1, 1, 14, 5)]
POOLS = {"occurred_from": WHEN, "occurred_to": WHEN, "time": CLOCK, "x": PLACE, "y": PLACE}
GOOD = {"occurred_from": WHEN[0], "offence_title": "Theft", "offence_group": "Theft"}
NASTY = ["", ",", ";", "\t", '"', "\n", "\r", "\0", "\ufeff", "\x1a", "9" * 400, "NaN", "<", "&a;", "]]>", "=", "/"]


class Made:
    """A table and the file it is written to; ``rows`` is how many of its rows hold any text."""

    def __init__(self, seed: int) -> None:
        self.rng = rng = random.Random(seed)
        columns = [name for name in HEADERS if name in GOOD or rng.random() < 0.4]
        headers = {name: rng.choice(HEADERS[name][: 1 if rng.random() < 0.4 else 9]) for name in columns}
        headers |= dict(zip("xy", rng.choice(PAIRS[:5]) if rng.random() < 0.97 else PAIRS[5], strict=True))
        degrees = headers["x"] in ("longitude", "Lon") or (headers["x"] == "X" and rng.random() < 0.5)
        self.good = GOOD | ({"x": "-1.13", "y": "52.63"} if degrees else {"x": "458900", "y": "304100"})
        columns = rng.sample(list(headers), len(headers))
        self.header = [headers[name] for name in columns]
        spoilt = rng.choice([0, 0.1, 0.3, 0.3, 1])
        self.cells = [[self._cell(name, spoilt) for name in columns] for _ in range(rng.choice([1, 3, 12]))]
        if rng.random() < 0.3:
            self.cells += self.cells[:2]
        self.is_workbook = rng.random() < 0.5
        self.rows = sum(any(self._shown(cell).strip() for cell in row) for row in self.cells)
        self.data = self._workbook() if self.is_workbook else self._text()
        self.spoilt = rng.random() < 0.4
        if self.spoilt:
            self.data = self._spoil()

    def _cell(self, name: str, spoilt: float) -> Any:
        if self.rng.random() >= spoilt:
            return self.good.get(name, "")
        return self.rng.choice(POOLS.get(name, TEXT))

    def _shown(self, cell: Any) -> str:
        return "" if cell is None else str(cell)

    def _text(self) -> bytes:
        separator, ending = self.rng.choice(",;\t"), self.rng.choice(["\n", "\r\n", "\r"])
        lines = []
        for row in [self.header, *self.cells]:
            texts = [self._shown(cell) for cell in row]
            quoted = [f'"{t.replace(chr(34), chr(34) * 2)}"' if re.search(r'[",;\t\r\n]', t) else t for t in texts]
            lines.append(separator.join(quoted))
        text = ending.join(lines) + (ending if self.rng.random() < 0.9 else "")
        return text.encode(self.rng.choice(["utf-8", "utf-8-sig", "cp1252"]), errors="replace")

    def _workbook(self) -> bytes:
        book = Workbook()
        sheet = book.active
        for _ in range(self.rng.choice([0, 0, 1, 3])):
            sheet.append([self.rng.choice(["Extract of crimes", "OFFICIAL", "Date"])])
        for row in [self.header, *self.cells]:
            sheet.append([ILLEGAL_CHARACTERS_RE.sub("", c) if isinstance(c, str) else c for c in row])
            if self.rng.random() < 0.05:
                sheet.append([])
        if self.rng.random() < 0.3:
            book.create_sheet("Notes").append(["Nothing here"])
        if self.rng.random() < 0.1:
            book.create_sheet("Again").append(self.header)
        out = io.BytesIO()
        book.save(out)
        return out.getvalue()

    def _spoil(self) -> bytes:
        if self.is_workbook and self.rng.random() < 0.9:
            out = io.BytesIO()
            with zipfile.ZipFile(io.BytesIO(self.data)) as packed, zipfile.ZipFile(out, "w") as again:
                parts = packed.namelist()
                hit = self.rng.choice([*parts, *["xl/worksheets/sheet1.xml"] * 8])
                for name in parts:
                    part = packed.read(name)
                    if name != hit or self.rng.random() < 0.98:
                        again.writestr(name, self._spoil_part(part) if name == hit else part)
            return out.getvalue()
        return self._hurt(self.data)

    def _spoil_part(self, part: bytes) -> bytes:
        """Mostly another text between two tags, or another attribute, so that it stays XML."""
        if self.rng.random() < 0.15:
            return self._hurt(part)
        places = list(re.finditer(rb'>([^<>]*)<|"([^"<>]*)"', part))
        for found in sorted(self.rng.sample(places, min(2, len(places))), key=lambda m: -m.start()):
            text = self.rng.choice(
                ["", "0", "-1", "99999999999", "x", "n", "s", "d", "str", "b", "1e999", "ZZZ9", "44970.5", "#REF!"]
            )
            part = part[: found.start() + 1] + text.encode() + part[found.end() - 1 :]
        return part

    def _hurt(self, data: bytes) -> bytes:
        for _ in range(self.rng.randint(1, 3)):
            at = self.rng.randint(0, len(data))
            to = min(len(data), at + self.rng.choice([0, 1, 3, 20]))
            kind = self.rng.random()
            if kind < 0.5:
                data = data[:at] + self.rng.choice(NASTY).encode() + data[to:]
            elif kind < 0.7:
                data = data[:at] + data[at:to] * 2 + data[to:]
            elif kind < 0.85:
                data = data[:at] + bytes([self.rng.randrange(256)]) + data[at + 1 :]
            else:
                data = data[: self.rng.randint(len(data) // 2, len(data))]
        return data

    def options(self) -> dict[str, Any]:
        columns = {MAPPED[name]: name for name in self.header if name in MAPPED}
        grid = not {"longitude", "Lon"} & set(self.header)
        return {
            "mapping": Mapping(columns=columns) if self.rng.random() < 0.95 else None,
            "crs": self.rng.choice(
                [*[""] * 12, *["27700" if grid else "4277", "3857" if grid else "4326"] * 2, "nonsense"]
            ),
            "sheet": self.rng.choice([*[""] * 6, "Sheet", "sheet", "SHEET ", "Notes"]) if self.is_workbook else "",
        }


def held(door) -> dict[str, int]:
    with door.engine.connect() as conn:
        return {
            t.name: conn.execute(select(func.count()).select_from(t)).scalar_one()
            for t in (s.load, s.reject, s.crime, s.audit)
        }


@settings(max_examples=EXAMPLES, deadline=None, derandomize=EXAMPLES <= 150,
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(seed=st.integers(0, 2**40))
def test_every_row_of_a_crime_file_is_accounted_for_or_the_file_is_refused(door, seed):
    made = Made(seed)
    before = held(door)
    try:
        result = door.load("crimes", made.data, "crimes.xlsx" if made.is_workbook else "crimes.csv", **made.options())
    except LoadRefused as refusal:
        said, result = str(refusal), None
    if result is None:
        assert len(said) > 20
        assert held(door) == before
        return
    assert result.read == result.loaded + result.duplicate + result.rejected
    if not made.spoilt:
        assert result.read == made.rows, "a row that nobody mentions is lost"
    if result.status == "already loaded":
        assert held(door) == before
        return
    with door.engine.connect() as conn:
        mine = {
            t: conn.execute(select(func.count()).where(t.c.load_id == result.load_id)).scalar_one()
            for t in (s.crime, s.reject)
        }
        silent = conn.execute(
            select(func.count()).where(s.reject.c.load_id == result.load_id, s.reject.c.reason == "")
        ).scalar_one()
    assert mine == {s.crime: result.loaded, s.reject: result.rejected}
    assert silent == 0
    assert held(door)["audit"] == before["audit"] + 1
