"""Extract files written byte for byte the same every time: fixed line ends, no time stamp in gzip."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterable, Sequence
from pathlib import Path


def csv_text(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return buffer.getvalue()


def write_text(path: Path, text: str) -> Path:
    path.write_bytes(text.encode("utf-8"))
    return path


def write_gzip(path: Path, text: str) -> Path:
    with path.open("wb") as raw, gzip.GzipFile("", "wb", 4, raw, mtime=0) as packed:
        packed.write(text.encode("utf-8"))
    return path
