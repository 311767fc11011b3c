"""What a file looks like before anything is stored: its columns, its first rows, what is taken for what."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from data_access.loading.mapping import NAMES, columns_of, mapping_of
from data_access.loading.records import Records, delimiter_of
from data_access.loading.result import LoadOptions, LoadRefused
from data_access.loading.source_file import SourceFile, open_source
from data_access.loading.workbook import first_rows

ROWS = 5
_PARQUET = b"PAR1"
_WITHOUT_COLUMNS = ("programme", "hot-spots")


@dataclass(frozen=True)
class Glance:
    """``headers`` and ``rows`` (the first few, as text) of a file with columns; empty for others.

    ``columns``: canonical name -> header, as it would be read now; ``canonical``: every name that can be mapped.
    ``sheets``: of a workbook.
    """

    headers: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    columns: dict[str, str] = field(default_factory=dict)
    canonical: list[str] = field(default_factory=list)
    sheets: list[str] = field(default_factory=list)


def glance(path: Path, kind: str, options: LoadOptions) -> Glance:
    """LoadRefused where not even this much can be read."""
    if kind in _WITHOUT_COLUMNS:
        return Glance()
    file = open_source(path)
    mapping = mapping_of(options)
    sheets: list[str] = []
    if file.is_workbook:
        sheets, table = first_rows(file, mapping.sheet, ROWS + 1)
    elif file.data.startswith(_PARQUET):
        table = _parquet(file)
    elif file.data.lstrip()[:1] == b"<":  # GPX
        return Glance()
    else:
        text = file.text()
        table = [r.cells for r in islice(Records(file.name, text, delimiter_of(text)), ROWS + 1)]
    headers, rows = (table[0], table[1:]) if table else ([], [])
    if kind not in NAMES:
        return Glance(headers, rows, sheets=sheets)
    try:
        columns = columns_of(mapping, headers, kind, file.name)
    except LoadRefused:  # a chosen column that this file has not: the form shows it as not chosen
        columns = {}
    return Glance(headers, rows, columns, list(NAMES[kind]), sheets)


def _parquet(file: SourceFile) -> list[list[str]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        source = pq.ParquetFile(io.BytesIO(file.data))
        names = list(source.schema_arrow.names)
        first = next(source.iter_batches(batch_size=ROWS), None)
    except (pa.ArrowException, OSError, ValueError) as problem:
        raise LoadRefused(f"{file.name} is not a whole Parquet file: {str(problem)[:200]}. Export it again.") from None
    rows: list[dict[str, Any]] = first.to_pylist() if first is not None else []
    return [names, *[[str(row[name])[:60] for name in names] for row in rows]]
