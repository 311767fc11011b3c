"""What a file looks like before anything is stored: its columns, its first rows, what is taken for what.

A look is cheap whatever the file is: a beginning of it, a few columns, the start of each cell.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

from data_access.loading.mapped import columns_needed
from data_access.loading.mapping import NAMES, Mapping, columns_of, mapping_of
from data_access.loading.readers.crimes import needs_of
from data_access.loading.records import Records, delimiter_of
from data_access.loading.result import LoadOptions, LoadRefused, NoTable
from data_access.loading.source_file import SourceFile, open_source, refuse_pictures
from data_access.loading.workbook import first_rows

ROWS = 5
COLUMNS = 60  # of the first rows that are shown
HEADERS = 200  # that can be chosen from; no extract has as many
CELL = 60  # characters
_BEGINNING = 4 << 20
_MOST_UNPACKED = 64 << 20  # of the Parquet row group whose first rows are shown
_PARQUET = b"PAR1"
_WITHOUT_COLUMNS = ("programme", "hot-spots")


@dataclass(frozen=True)
class Glance:
    """``headers`` (HEADERS at most) and ``rows`` (the first few, as text) of a file with columns; empty for others.

    ``columns``: canonical name -> header, as it would be read now; ``canonical``: every name that can be mapped.
    ``sheets``: of a workbook; ``sheet``: the one that is shown. ``width``: columns in all. ``is_data``: False for
    what no choice of columns makes readable, such as a picture.
    """

    headers: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    columns: dict[str, str] = field(default_factory=dict)
    canonical: list[str] = field(default_factory=list)
    sheets: list[str] = field(default_factory=list)
    sheet: str = ""
    width: int = 0
    is_data: bool = True


def glance(path: Path, kind: str, options: LoadOptions) -> Glance:
    """LoadRefused where not even this much can be read."""
    file = open_source(path)
    try:
        refuse_pictures(file)
        return Glance() if kind in _WITHOUT_COLUMNS else _table(file, kind, mapping_of(options))
    except NoTable:
        return Glance(is_data=False)


def _table(file: SourceFile, kind: str, mapping: Mapping) -> Glance:
    seen = Glance()
    if file.is_workbook:
        needs = needs_of(mapping)

        def keys_of(header: list[str], told_apart: str) -> list[str]:
            return list(columns_needed(file.name, mapping, needs, header, told_apart))

        sheets, sheet, table = first_rows(file, mapping.sheet, ROWS + 1, keys_of if kind == "crimes" else None)
        seen = Glance(sheets=sheets, sheet=sheet)
    elif file.data.startswith(_PARQUET):
        table = _parquet(file)
    elif file.data.lstrip()[:1] == b"<":  # GPX
        return seen
    else:
        file = _beginning(file)
        text = file.text()
        table = [r.cells for r in islice(Records(file.name, text, delimiter_of(text)), ROWS + 1)]
    headers, rows = (table[0], table[1:]) if table else ([], [])
    shown = [[cell[:CELL] for cell in row[:COLUMNS]] for row in rows]
    seen = replace(seen, headers=headers[:HEADERS], rows=shown, width=len(headers))
    if kind not in NAMES:
        return seen
    try:
        columns = columns_of(mapping, headers, kind, file.name)
    except LoadRefused:  # a chosen column that this file has not: the form shows it as not chosen
        columns = {}
    chosen = [head for head in columns.values() if head not in seen.headers]  # further right, and to be kept
    return replace(seen, headers=seen.headers + chosen, columns=columns, canonical=list(NAMES[kind]))


def _beginning(file: SourceFile) -> SourceFile:
    """Whole lines, or what of the first there is."""
    if len(file.data) <= _BEGINNING:
        return file
    end = file.data.rfind(b"\n", 0, _BEGINNING) + 1
    return replace(file, data=file.data[: end or _BEGINNING])


def _parquet(file: SourceFile) -> list[list[str]]:
    import pyarrow.parquet as pq

    try:
        # Texts as a dictionary: a long one that every row repeats is there once.
        plain = pq.ParquetFile(io.BytesIO(file.data))
        names = list(plain.schema_arrow.names)
        shown = list(dict.fromkeys(names[:COLUMNS]))
        types = {name: plain.schema_arrow.field(names.index(name)).type for name in shown}
        texts = [name for name, kind in types.items() if str(kind) in ("string", "large_string", "binary")]
        source = pq.ParquetFile(io.BytesIO(file.data), read_dictionary=texts, pre_buffer=False)
        if not source.metadata.num_row_groups or _unpacked(source.metadata.row_group(0)) > _MOST_UNPACKED:
            return [names]
        scalar = [name for name in shown if not types[name].num_fields]
        batches = source.iter_batches(batch_size=ROWS, row_groups=[0], columns=scalar, use_threads=False)
        batch = next(batches, None)
        cells = {name: [_cell(value) for value in batch.column(name)] for name in scalar} if batch else {}
    except Exception as problem:  # pyarrow raises whatever a damaged part makes it trip over
        said = (str(problem).splitlines() or [type(problem).__name__])[0][:200]
        raise LoadRefused(f"{file.name} is not a whole Parquet file: {said}. Export it again.") from None
    count = batch.num_rows if batch else 0
    return [
        names,
        *[[cells[n][i] if n in cells else str(types[n])[:CELL] for n in names[:COLUMNS]] for i in range(count)],
    ]


def _unpacked(group: Any) -> int:
    """Bytes of a row group; both of its sizes, as a footer may say anything."""
    columns = sum(group.column(i).total_uncompressed_size for i in range(group.num_columns))
    return int(max(group.total_byte_size, columns))


def _cell(value: Any) -> str:
    plain = value.as_py()
    return "" if plain is None else str(plain[:CELL] if isinstance(plain, str | bytes) else plain)[:CELL]
