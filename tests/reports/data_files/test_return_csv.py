"""The CSV files of a return, and what all its data files share."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import pickle
import subprocess
import sys
import zipfile
from pathlib import Path

from reports.data_files.csv_files import to_csv, to_csv_bundle
from reports.data_files.document import as_document
from reports.data_files.formats import FORMATS
from reports.data_files.json_file import to_json
from reports.data_files.layout import numbered_tables
from reports.data_files.schema import schema
from reports.model import ReturnContents
from settings import ROOT
from tests.reports.data_files.every_text import texts_of

COLUMNS = ["section", "field", "table", "row_label", "column", "text", "number", "unit", "symbol", "note"]


def read(raw: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline="")))


def unescaped(cell: str) -> str:
    return cell[1:] if cell[:1] == "'" and cell[1:2] in ("=", "+", "-", "@", "\t", "\r") else cell


def test_the_tidy_file_holds_every_text_of_the_return(rich: ReturnContents) -> None:
    rows = read(to_csv(rich))
    assert rows[0] == COLUMNS
    assert {len(row) for row in rows} == {len(COLUMNS)}
    held = {unescaped(cell) for row in rows for cell in row}
    heads = {unescaped(head) for row in rows if row[3] == "Heads" for head in row[5].split(" | ")}
    where = {s.title for s in rich.sections} | {s.letter for s in rich.sections}
    assert [t for t in texts_of(rich) if t and t not in held | heads | where] == []


def test_the_tidy_file_and_the_json_hold_the_same_values(rich: ReturnContents) -> None:
    """Every value of the document with its number, unit and symbol, in the same order."""
    document = as_document(rich)
    wanted = [h["value"] for h in document["headlines"]]
    wanted += [cell for row in document["corrections"]["rows"] for cell in row[1:]]
    for section in document["sections"]:
        for entry in section["entries"]:
            wanted += [fact["value"] for fact in entry["facts"]]
            tables = [*entry["tables"], *(chart["table"] for chart in entry["charts"])]
            wanted += [cell for table in tables for row in table["rows"] for cell in row[1:]]
    rows = [dict(zip(COLUMNS, row, strict=True)) for row in read(to_csv(rich))[1:]]
    numbers = [(row["text"], float(row["number"]), row["unit"]) for row in rows if row["number"]]
    assert len(numbers) > 100
    assert [(unescaped(text), number, unit) for text, number, unit in numbers] == [
        (v["text"], v["number"], v.get("unit", "")) for v in wanted if "number" in v
    ]
    symbols = [row["symbol"] for row in rows if row["symbol"] and row["section"] != "notes"]
    assert symbols == [v["symbol"] for v in wanted if "symbol" in v]


def test_no_cell_can_run_in_a_spreadsheet(rich: ReturnContents) -> None:
    with zipfile.ZipFile(io.BytesIO(to_csv_bundle(rich))) as archive:
        files = [read(archive.read(name)) for name in archive.namelist() if name.endswith(".csv")]
    cells = [cell for rows in files for row in rows for cell in row]
    assert "'=1+1" in cells
    assert "'@note" in cells
    may_run = [c for c in cells if c[:1] in ("=", "+", "-", "@", "\t", "\r")]
    assert may_run
    assert all(float(c) is not None for c in may_run), "only plain numbers may start with a sign"


def test_the_bundle_holds_a_file_for_each_table(rich: ReturnContents) -> None:
    with zipfile.ZipFile(io.BytesIO(to_csv_bundle(rich))) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        readme = archive.read("README.txt").decode("utf-8-sig")
        assert archive.read("figures.csv") == to_csv(rich)
        assert archive.read("return-test-2023-10.json") == to_json(rich)
    with zipfile.ZipFile(io.BytesIO(to_csv_bundle(rich, 2))) as archive:
        assert "return-test-2023-10-v2.json" in archive.namelist()
        assert "return-test-2023-10-v2.json" in archive.read("README.txt").decode()
        assert json.loads(archive.read("return.schema.json")) == schema()
        hard = read(archive.read("Z1-everything-that-a-cell-can-hold-a-caption-far-longer-than-a.csv"))
    assert len(names) == len(set(names)) == len(numbered_tables(rich)) + 5
    assert all(f"- {name}: " in readme for name in names if name != "README.txt")
    assert all(said in readme for said in (rich.title, rich.data_sha256, "OFFICIAL-SENSITIVE", "figures are invented"))
    assert all(f"- {symbol} {meaning}" in readme for symbol, meaning in rich.symbols)
    assert hard[0] == ["Place", "Change", "change", "", "Money (£)", "Share (%)", "Time", "Words"]
    assert hard[1] == ["1", "5", "-8", "[x]", "-1234.50", "0.5", "1 minute", "12"]
    assert hard[2] == ["'=1+1", "[c]", "0", "[low]", "0.00", "1234", "2.5 hours", "[u]"]


def test_the_json_reads_in_the_order_of_the_return(rich: ReturnContents) -> None:
    read_back = json.loads(to_json(rich))
    assert read_back == as_document(rich)
    assert list(read_back)[:4] == ["$schema", "kind", "schema_version", "how_to_read"]
    assert [s["letter"] for s in read_back["sections"]] == [s.letter for s in rich.sections]
    assert "rounded" in read_back["how_to_read"][0]


def test_the_offered_formats_have_names_and_types(rich: ReturnContents) -> None:
    assert list(FORMATS) == ["ods", "xlsx", "csv", "csv-bundle", "json"]
    assert FORMATS["ods"].file_name(rich) == "return-test-2023-10.ods"
    assert FORMATS["ods"].file_name(rich, 2) == "return-test-2023-10-v2.ods"
    assert len({f.name for f in FORMATS.values()}) == len({f.extension for f in FORMATS.values()}) == len(FORMATS)


def test_the_same_contents_give_the_same_bytes_in_another_process(rich: ReturnContents, tmp_path: Path) -> None:
    """One that orders its sets by other hashes and lives in another time zone."""
    path = tmp_path / "contents.pickle"
    path.write_bytes(pickle.dumps(rich))
    code = (
        "import pickle, sys, json, hashlib; from reports.data_files.formats import FORMATS;"
        "made = pickle.load(open(sys.argv[1], 'rb'));"
        "print(json.dumps({k: hashlib.sha256(f.write(made)).hexdigest() for k, f in FORMATS.items()}))"
    )
    seed = "2" if os.environ.get("PYTHONHASHSEED") == "1" else "1"
    environment = {**os.environ, "PYTHONHASHSEED": seed, "TZ": "Asia/Tokyo"}
    run = subprocess.run(
        [sys.executable, "-c", code, str(path)], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    here = {key: hashlib.sha256(offered.write(rich)).hexdigest() for key, offered in FORMATS.items()}
    assert json.loads(run.stdout) == here
