"""Any number of records, in any order, sorted by a key with bounded memory.

Sorted runs go to a temporary folder; then one range of keys after the other is read from all of them. Ranges part
between two different keys, so records of one key come out together. What fits into one run never reaches the disk.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from analysis.dosage.tables import Pieces, PingBatch
from data_access.loading.result import LoadRefused

Records = NDArray[np.void]
Table = TypeVar("Table", PingBatch, Pieces)
SAMPLE_EVERY = 1 << 9
_WRITTEN = 1 << 15
PIECES_IN_MEMORY = 1 << 18  # 13 MB

PING = np.dtype([(f.name, np.int64 if f.name == "t_ms" else np.int32) for f in fields(PingBatch)])
PIECE = np.dtype(
    [(f.name, {"kind": np.int8, "ends": np.int8}.get(f.name, np.float64 if "ms" in f.name else np.int32))
     for f in fields(Pieces)]
)  # fmt: skip


def records(table: PingBatch | Pieces, dtype: np.dtype[np.void]) -> Records:
    """A table of arrays as one array of records."""
    found = np.empty(len(table), dtype)
    for name in dtype.names or ():
        found[name] = getattr(table, name)
    return found


def table(kind: type[Table], found: Records) -> Table:
    """The arrays of records again, each contiguous."""
    return kind(*(np.ascontiguousarray(found[f.name]) for f in fields(kind)))


class Workspace:
    """A temporary folder that is made when something is first put there."""

    def __init__(self) -> None:
        self._made: tempfile.TemporaryDirectory[str] | None = None
        self._files = 0
        self.in_memory = 0  # pieces that were not worth a file

    def new(self) -> Path:
        """The path of a file that nobody has."""
        if self._made is None:
            self._made = tempfile.TemporaryDirectory(prefix="dosage-")
        self._files += 1
        return Path(self._made.name) / str(self._files)

    def piece_file(self) -> PieceFile:
        return PieceFile(self)

    def __enter__(self) -> Workspace:
        return self

    def __exit__(self, *_: object) -> None:
        if self._made:
            self._made.cleanup()


class PieceFile:
    """Pieces in the order in which they were added: in memory while all files of the workspace hold few, then on disk."""

    def __init__(self, space: Workspace) -> None:
        self._space = space
        self._held: list[Records] = []
        self._path: Path | None = None
        # Files taken over, with the codes that their own stand for.
        self._others: list[tuple[PieceFile, NDArray[np.int32], NDArray[np.int32]]] = []

    @property
    def new_file(self) -> Callable[[], Path]:
        return self._space.new

    def add(self, batches: Iterable[Records]) -> None:
        some = [one for one in batches if len(one)]
        self._held += some
        self._space.in_memory += sum(map(len, some))
        if self._held and self._space.in_memory > PIECES_IN_MEMORY:
            with room_needed():
                self._write()

    def _write(self) -> None:
        self._path = self._path or self._space.new()
        with self._path.open("ab") as out:
            for one in self._held:
                out.write(one.view(np.uint8).data)
        self._let_go()

    def _let_go(self) -> None:
        self._space.in_memory -= sum(map(len, self._held))
        self._held = []

    def forget(self) -> None:
        """Begin again with nothing."""
        self._let_go()
        if self._path:
            self._path.unlink()
            self._path = None

    def take_over(self, other: PieceFile, device: NDArray[np.int32], team: NDArray[np.int32]) -> None:
        """The other's pieces become part of this one, its codes replaced by ``device[code]`` and ``team[code]``."""
        self._others.append((other, device, team))

    def each(self) -> Iterator[Records]:
        """Batches of some pieces; once, because nothing of them stays."""
        for other, device, team in self._others:
            for one in other.each():
                one["device"], one["team"] = device[one["device"]], team[one["team"]]
                yield one
        if self._path:
            for start in range(0, self._path.stat().st_size // PIECE.itemsize, PIECES_IN_MEMORY):
                yield np.fromfile(self._path, PIECE, count=PIECES_IN_MEMORY, offset=start * PIECE.itemsize)
        yield from self._held
        self.forget()


@contextmanager
def room_needed() -> Iterator[None]:
    """LoadRefused, in words, where the temporary folder has no room or cannot be used."""
    try:
        yield
    except OSError as problem:
        folder = os.environ.get("TMPDIR") or tempfile.tempdir or "/tmp"  # noqa: S108 (named, not used)
        raise LoadRefused(
            f"The temporary folder {folder} cannot be used: {problem.strerror or problem}. Pings that are not in order "
            "of time need about 24 bytes each there. Make room, or set TMPDIR to a folder that has some."
        ) from None


class ExternalSort:
    """``add`` records, then take ``ranges`` once. ``keys``: one or two fields of whole numbers."""

    def __init__(
        self,
        new_file: Callable[[], Path],
        dtype: np.dtype[np.void],
        keys: Sequence[str],
        run_rows: int,
        range_rows: int,
    ) -> None:
        self._new_file, self._dtype, self._keys = new_file, dtype, tuple(keys)
        self._run_rows, self._range_rows = run_rows, range_rows
        self._every = max(1, min(SAMPLE_EVERY, range_rows // 64))
        self._waiting: list[Records] = []
        self._count = 0
        self._runs: list[Path] = []
        self._samples: list[Records] = []

    def add(self, some: Records) -> None:
        self._waiting.append(some)
        self._count += len(some)
        if self._count >= self._run_rows:
            with room_needed():
                self._write_run()

    def ranges(self) -> Iterator[Records]:
        """Records in ranges of about ``range_rows``, in order of their keys within and between ranges."""
        if not self._runs:
            found = self._taken()
            if len(found):
                yield found[self._order(found)]
            return
        with room_needed():
            self._write_run()
            splits = self._splits()
            places = [self._places(run, splits) for run in self._runs]
        for n in range(len(splits) + 1):
            slices = [self._slice(run, at[n], at[n + 1]) for run, at in zip(self._runs, places, strict=True)]
            found = np.concatenate(slices)
            if len(found):
                yield found[self._order(found)]

    def _order(self, found: Records) -> NDArray[np.int64]:
        return np.lexsort([found[key] for key in reversed(self._keys)])

    def _taken(self) -> Records:
        """What waits."""
        found = np.concatenate(self._waiting) if self._waiting else np.empty(0, self._dtype)
        self._waiting, self._count = [], 0
        return found

    def _write_run(self) -> None:
        found = self._taken()
        if not len(found):
            return
        order, path = self._order(found), self._new_file()
        with path.open("wb") as out:
            for start in range(0, len(order), _WRITTEN):
                # Not tofile: it says "0 written" of a full disk, not why.
                out.write(found[order[start : start + _WRITTEN]].view(np.uint8).data)
        self._runs.append(path)
        self._samples.append(found[order[:: self._every]][list(self._keys)].copy())

    def _splits(self) -> Records:
        """Keys at which the ranges part."""
        found = np.concatenate(self._samples)
        found = found[self._order(found)]
        step = self._range_rows // self._every
        return np.unique(found[step::step])

    def _places(self, run: Path, splits: Records) -> list[int]:
        """Where each range of a run begins, and its end: rows before a split have a smaller key."""
        found = np.fromfile(run, self._dtype)
        columns = [np.ascontiguousarray(found[key]) for key in self._keys]
        places = [_first_not_before(columns, [split[key] for key in self._keys]) for split in splits]
        return [0, *places, len(found)]

    def _slice(self, run: Path, start: int, end: int) -> Records:
        return np.fromfile(run, self._dtype, count=end - start, offset=start * self._dtype.itemsize)


def _first_not_before(columns: list[NDArray[Any]], key: list[Any]) -> int:
    start, end = 0, len(columns[0])
    for column, value in zip(columns, key, strict=True):
        part = column[start:end]
        start, end = start + np.searchsorted(part, value, "left"), start + np.searchsorted(part, value, "right")
    return int(start)
