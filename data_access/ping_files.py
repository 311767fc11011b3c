"""One file of the ping store: how pings lie in it, how it is written so that it is whole or not there."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

SCHEMA = pa.schema(
    [
        ("device", pa.dictionary(pa.int32(), pa.string())),
        ("team", pa.dictionary(pa.int32(), pa.string())),
        ("t_ms", pa.int64()),
        ("lon_e7", pa.int32()),
        ("lat_e7", pa.int32()),
        ("accuracy_m", pa.float32()),
    ]
)
# Sorted times and near positions differ by little: 5 bytes a ping instead of 28.
_DELTA = dict.fromkeys(("t_ms", "lon_e7", "lat_e7"), "DELTA_BINARY_PACKED")
_AT_ONCE = 8
UNDER_WAY = ".part"  # a file that is being written; renamed when it is whole


class PartDamaged(ValueError):
    """A file of the store is not there or not what was written; the message says which of the two."""


@dataclass(frozen=True)
class Coded:
    """Texts as codes of a list of names."""

    codes: NDArray[np.int32]
    names: list[str]

    def take(self, rows: NDArray[np.int64]) -> pa.DictionaryArray:
        """The rows' texts, with no name in the dictionary that none of them has."""
        used, codes = np.unique(self.codes[rows], return_inverse=True)
        names = pa.array([self.names[i] for i in used], pa.string())
        return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), names)


def encode(table: pa.Table) -> bytes:
    """The bytes of a table with SCHEMA."""
    sink = pa.BufferOutputStream()
    pq.write_table(
        table, sink, compression="zstd", use_dictionary=["device", "team"], column_encoding=_DELTA,
        row_group_size=1 << 20, write_statistics=False, store_schema=False,
    )  # fmt: skip
    return sink.getvalue().to_pybytes()


def write_whole(path: Path, data: bytes) -> None:
    """Write for us alone, onto the disk, then give the file its name."""
    begin(path, data)
    settle([path])


def begin(path: Path, data: bytes) -> str:
    """Write a file under a name that nobody reads; ``settle`` makes it count. Returns the sha256."""
    fd = os.open(_under_way(path), os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    with os.fdopen(fd, "wb") as handle:
        handle.write(data)
    return hashlib.sha256(data).hexdigest()


def settle(paths: Sequence[Path]) -> None:
    """Bring begun files onto the disk and give them their names, those too on the disk when this returns."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:  # a disk takes many such waits together
        list(pool.map(_sync, (_under_way(path) for path in paths)))
        for path in paths:
            os.replace(_under_way(path), path)
        list(pool.map(_sync, sorted({path.parent for path in paths})))


def _under_way(path: Path) -> Path:
    return path.with_name(path.name + UNDER_WAY)


def _sync(path: Path) -> None:
    """What a file holds, or which names a folder has, is on the disk when this returns."""
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def make_folders(folders: Iterable[Path]) -> None:
    """Folders and what is missing above them, private and on the disk."""
    changed: dict[Path, None] = {}
    for folder in folders:
        _make_folder(folder, changed)
    for folder in changed:
        _sync(folder)


def _make_folder(folder: Path, changed: dict[Path, None]) -> None:
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        return
    except FileNotFoundError:  # or removed this moment, empty, by another process that tidies up
        _make_folder(folder.parent, changed)
        return _make_folder(folder, changed)
    changed[folder.parent] = None


def decode(path: Path, sha256: str, columns: list[str] | None = None) -> pa.Table:
    """The table in a file; PartDamaged when it is gone or its bytes are not those that were written."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise PartDamaged("is not there") from None
    except OSError as problem:
        raise PartDamaged(f"cannot be read ({problem.strerror})") from None
    if hashlib.sha256(data).hexdigest() != sha256:
        raise PartDamaged("is damaged")
    return pq.read_table(pa.BufferReader(data), columns=columns, read_dictionary=["device", "team"])
