"""Harm weights: the official Cambridge Crime Harm Index workbook, or a plain CSV of any index."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from data_access.loading import values
from data_access.loading.reading import Context, Parsed
from data_access.loading.result import LoadRefused
from data_access.loading.source_file import check_unpacked_size
from data_access.loading.table import Rows, column_key, read_csv, rows_word
from data_access.scoring import code_key, text_key

SHEET = re.compile(r"^cchi (\d{4}) values sheet$")
WORKBOOK_COLUMNS = ("FULL_OFFENCE_TITLE", "CCHI Score", "HO_CODE", "HO_SUB_CODE")
MAX_WORKBOOK = 64 << 20  # far more than a list of offences takes; a workbook takes twenty times its size in memory
CCHI = "Cambridge Crime Harm Index"
CSV_KEYS = ("offence_code", "offence_title", "offence_group")


def read(context: Context) -> Parsed:
    return _read_workbook(context) if context.file.is_workbook else _read_csv(context)


def _read_csv(context: Context) -> Parsed:
    options = context.options
    rows = read_csv(context.file, ("harm_days",), [(key,) for key in CSV_KEYS], optional=("edition", "index", "basis"))
    edition = _said(context, rows, "edition", options.edition)
    if not edition:
        raise LoadRefused(
            f"{context.file.name} does not say its edition, and harm is never compared across editions. "
            "Add a column edition or load with --edition."
        )
    index = _said(context, rows, "index", options.index) or CCHI
    basis = (
        _said(context, rows, "basis", options.basis) or f"From the file {context.file.name}; its basis was not stated."
    )
    found = [rows.column(name) for name in CSV_KEYS]
    rows.reject(np.logical_and.reduce([cells == "" for cells in found]), "offence_code", "The row names no offence.")
    harm = values.amounts(rows, "harm_days")
    frame = pd.DataFrame({"code": found[0], "title": found[1], "group": found[2], "harm_days": harm})
    # Weights by group stand for offences of very different harm: usable, and labelled wherever they are used.
    fallback = bool(((frame["code"] == "") & (frame["title"] == ""))[rows.good].all())
    if fallback:
        rows.notes.append(
            "The weights are by group only: a stand-in for weights by offence, labelled so wherever used."
        )
    return _parsed(context, rows, frame, index, edition, basis, fallback)


def _said(context: Context, rows: Rows, name: str, option: str) -> str:
    """The option, else the file's own column, which must say one thing only."""
    if option:
        return option
    said = [text for text in values.spaced(rows.column(name))[rows.good].unique() if text]
    if len(said) > 1:
        raise LoadRefused(
            f"{context.file.name} holds several values of {name} ({', '.join(said[:5])}). Load one file for each."
        )
    return said[0] if said else ""


def _read_workbook(context: Context) -> Parsed:
    sheet, cells, others = _sheet(context)
    header = [column_key(str(cell)) if cell is not None else "" for cell in (cells[0] if cells else ())]
    missing = [name for name in WORKBOOK_COLUMNS if column_key(name) not in header]
    if missing:
        found = ", ".join(str(cell) for cell in (cells[0] if cells else ()) if cell is not None) or "none"
        raise LoadRefused(
            f"{context.file.name}, sheet “{sheet}”: row 1 must name the columns and lacks {', '.join(missing)}. Found: {found[:600]}."
        )
    body = [(i, row) for i, row in enumerate(cells[1:], 2) if any(c is not None and str(c).strip() for c in row)]
    if not body:
        raise LoadRefused(f"{context.file.name}, sheet “{sheet}” has a header but no rows under it.")
    take = {name: header.index(column_key(name)) for name in WORKBOOK_COLUMNS}
    data = pd.DataFrame(
        {column_key(name): [_text(row[at]) if at < len(row) else "" for _, row in body] for name, at in take.items()},
        dtype=object,
    )
    rows = Rows(data, [i for i, _ in body], lambda i: "\t".join(_text(c) for c in body[i][1]))
    title = values.spaced(rows.column("FULL_OFFENCE_TITLE"))
    rows.reject(title == "", "FULL_OFFENCE_TITLE", "The row names no offence.")
    harm = values.amounts(rows, "CCHI Score")
    code, sub = rows.column("HO_CODE"), rows.column("HO_SUB_CODE")
    frame = pd.DataFrame({
        "code": (code + "/" + sub).where((code != "") & (sub != "") & ~code.str.contains("/"), code), "title": title, "group": "", "harm_days": harm,
    })  # fmt: skip
    if others:
        rows.notes.append(f"Only the sheet “{sheet}” is loaded; left aside: {', '.join(others)}.")
    year = SHEET.match(text_key(sheet))
    edition = context.options.edition or (year[1] if year else "")
    basis = context.options.basis or f"Official workbook {context.file.name}, sheet “{sheet}”."
    return _parsed(context, rows, frame, context.options.index or CCHI, edition, basis, False)


def _sheet(context: Context) -> tuple[str, Sequence[tuple[Any, ...]], list[str]]:
    name = context.file.name
    try:
        with zipfile.ZipFile(io.BytesIO(context.file.data)) as packed:
            unpacked = sum(entry.file_size for entry in packed.infolist())
            check_unpacked_size(name, len(context.file.data), unpacked)
            if unpacked > MAX_WORKBOOK:
                raise LoadRefused(
                    f"{name} unpacks to more than {MAX_WORKBOOK >> 20} MB; that is not the harm workbook."
                )
        book = load_workbook(io.BytesIO(context.file.data), read_only=True, data_only=True)
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, OSError, EOFError, SyntaxError):
        raise LoadRefused(f"{name} is damaged or not an Excel workbook (.xlsx). Download it again.") from None
    sheet = next((title for title in book.sheetnames if SHEET.match(text_key(title))), None)
    if sheet is None:
        raise LoadRefused(
            f"{name} has no sheet “CCHI 2026 values sheet” (or of another year). Sheets found: {', '.join(book.sheetnames)[:600]}."
        )
    cells = list(book[sheet].iter_rows(values_only=True))
    return sheet, cells, [title for title in book.sheetnames if title != sheet]


def _text(cell: Any) -> str:
    """A cell as text: Excel keeps the code 8 as 8.0 and errors as #N/A."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()


def _parsed(
    context: Context, rows: Rows, frame: pd.DataFrame, index: str, edition: str, basis: str, fallback: bool
) -> Parsed:
    good = frame[rows.good]
    weights, dropped = weights_of(good)
    if rows.good.any() and not weights:
        raise LoadRefused(
            f"{context.file.name}: every offence is given several different weights, so none can be used."
        )
    for kind, count in dropped.items():
        rows.notes.append(
            f"{count:,} offence {kind}{'s' if count != 1 else ''} with several different weights left out: crimes are matched by what is more exact."
        )
    rows.notes.append(
        f"{index}, edition {edition}: {rows_word(len(good))}, {len(weights):,} weights by code, title or group."
    )
    meta = {"index_name": index[:80], "edition": edition[:80], "basis": basis[:300], "fallback": fallback}
    return Parsed(rows, frame, context.options.source or f"{index} {edition}", extra={"set": meta, "weights": weights})


def weights_of(frame: pd.DataFrame) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """Rows of ``weight``: one for each code, title and group that has one weight only; and how many have several.

    A row's group counts only where the row names neither code nor title: a group is not its offences.
    """
    named = (frame["code"] != "") | (frame["title"] != "")
    weights: list[dict[str, Any]] = []
    dropped: dict[str, int] = {}
    columns: Iterable[tuple[str, pd.Series]] = (
        ("code", frame["code"].map(code_key)), ("title", frame["title"].map(text_key)),
        ("group", frame["group"].where(~named, "").map(text_key)),
    )  # fmt: skip
    for kind, keys in columns:
        keyed = frame.assign(key=keys)[frame[kind].ne("") & keys.ne("")]
        by_key = keyed.groupby("key")["harm_days"].agg(["nunique", "first"])
        single = by_key[by_key["nunique"] == 1]["first"]
        weights += [{"key_kind": kind, "key": key[:300], "harm_days": float(days)} for key, days in single.items()]
        if len(by_key) > len(single):
            dropped[kind] = len(by_key) - len(single)
    return weights, dropped
