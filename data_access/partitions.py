"""Pings in many files, located part by part on any executor: one core, a pool of processes, a Dask cluster.

A part is one file, or several days of a provider in a Parquet store. ``locate_part`` is a pure function of a part and
the boundaries, so it can run anywhere that sees the files. Parts whose pings of one device overlap in time cannot be
joined end to end; they are done again as one, sorted. So the answer never depends on how the pings were cut up.
"""

from __future__ import annotations

import pickle
import threading
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, as_completed
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from analysis.dosage.joining import touching
from analysis.dosage.kernel import Boundaries, Locator, join
from analysis.dosage.tables import Located, Pieces, PingBatch
from data_access.ping_sources import Part, Reading, each_batch
from data_access.sorting import PIECE, PING, ExternalSort, PieceFile, Workspace, records, table

Key = tuple[str, str]  # provider and name
Progress = Callable[[int, int], None]  # bytes of the files and pings that were done since the last call

PINGS_TOGETHER = 1 << 17
PINGS_A_RUN, PINGS_A_RANGE = 1 << 18, 1 << 17
PIECES_A_RUN, PIECES_A_RANGE = 1 << 18, 1 << 17


@dataclass(frozen=True)
class Found:
    """What the pings of some parts gave; codes in ``located`` are positions in ``devices`` and ``teams``.

    ``read == located.used + located.repeats + rejected``. ``late`` counts pings that arrived after later ones of their
    device and were sorted in; they are in ``located``. ``kept``: where the pieces are, when they are not in ``located``.
    """

    located: Located
    devices: list[Key]
    teams: list[Key]
    read: int = 0
    late: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)
    kept: PieceFile | None = None

    def pieces(self) -> Iterator[Pieces]:
        """Pieces in ranges of devices, in order; those that meet in time are one."""
        if self.kept is None:
            yield self.located.pieces
            return
        sort = ExternalSort(self.kept.new_file, PIECE, ("device",), PIECES_A_RUN, PIECES_A_RANGE)
        for some in self.kept.each():
            sort.add(some)
        for one in sort.ranges():
            yield touching(table(Pieces, one))


def run(
    parts: Sequence[Part],
    boundaries: Boundaries,
    executor: Executor | None = None,
    *,
    reading: Reading | None = None,
    progress: Progress | None = None,
) -> Found:
    """Locate the pings of all parts; the same to the millisecond whatever the executor (None: here, one by one).

    LoadRefused when a file cannot be used, or a folder for sorting has no room.
    """
    with Workspace() as space:
        found = gather(parts, boundaries, executor, space, reading=reading, progress=progress)
        pieces = Pieces.concatenate(list(found.pieces()))
    return replace(found, located=replace(found.located, pieces=pieces), kept=None)


def gather(
    parts: Sequence[Part],
    boundaries: Boundaries,
    executor: Executor | None,
    space: Workspace,
    *,
    reading: Reading | None = None,
    progress: Progress | None = None,
) -> Found:
    """As ``run``, with the pieces in ``space``: memory does not grow with the number of pings."""
    reading, progress = reading or Reading(), progress or (lambda _bytes, _pings: None)
    found: dict[Part, Found] = {}
    todo = list(parts)
    while todo:
        found |= _each(todo, boundaries, executor, space, reading, progress)
        todo = []
        for group in _overlapping(found):
            for part in group:
                found.pop(part).kept.forget()
            todo.append(Part(tuple(path for part in group for path in part.paths), sort=True))
    return _joined(found, boundaries, space)


def locate_part(
    part: Part,
    reading: Reading,
    boundaries: bytes | Boundaries,
    progress: Progress | None = None,
    kept: PieceFile | None = None,
) -> Found:
    """Locate the pings of one part, its pieces put into ``kept`` where that is given.

    In one pass where they come in order of time for each device; otherwise they are sorted in a temporary folder first.
    """
    if isinstance(boundaries, bytes):
        boundaries = _unpacked(boundaries)
    if not part.sort:
        tally = _Tally(part, reading, progress)
        located = _locate(tally.batches(), boundaries, kept, stop_at_late=True)
        if located:
            return tally.found(located, kept)
    if kept:
        kept.forget()
    pa.default_memory_pool().release_unused()
    with Workspace() as space:
        tally = _Tally(part, reading, progress)
        located = _locate(tally.in_order(space), boundaries, kept)
        return tally.found(located, kept)


def _locate(
    batches: Iterable[PingBatch], boundaries: Boundaries, kept: PieceFile | None, *, stop_at_late: bool = False
) -> Located | None:
    """None when a ping came late: the pass is given up as soon as one does."""
    locator = Locator(boundaries)
    for batch in batches:
        locator.feed(batch)
        if stop_at_late and locator.late_count:
            return None
        if kept:
            kept.add(records(some, PIECE) for some in locator.drain())
    located = locator.finish()
    if kept is None:
        return located
    kept.add([records(located.pieces, PIECE)])
    return replace(located, pieces=Pieces.empty())


def packed(boundaries: Boundaries) -> bytes:
    """Boundaries as they travel to workers."""
    return zlib.compress(pickle.dumps(boundaries, pickle.HIGHEST_PROTOCOL), 1)


class _Mine(threading.local):
    """The boundaries that this thread unpacked last. Their grid grows while it is used, so no two threads share it."""

    data = b""
    boundaries: Boundaries | None = None


_mine = _Mine()


def _unpacked(data: bytes) -> Boundaries:
    # A worker does many parts: what it has built of the grid stays.
    if _mine.boundaries is None or _mine.data != data:
        _mine.boundaries = pickle.loads(zlib.decompress(data))  # noqa: S301 (from the process that gave us this task)
        _mine.data = data
    return _mine.boundaries


@dataclass
class _Tally:
    """Counts of one reading of a part, while its pings are passed on."""

    part: Part
    reading: Reading
    progress: Progress | None
    devices: dict[Key, int] = field(default_factory=dict)
    teams: dict[Key, int] = field(default_factory=dict)
    read: int = 0
    repeats: int = 0  # that the reader itself left out
    late: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)

    def batches(self) -> Iterator[PingBatch]:
        """Small batches put together: every one that is located costs the same again, however small."""
        held: list[PingBatch] = []
        for batch in self._each():
            held.append(batch)
            if sum(map(len, held)) >= PINGS_TOGETHER:
                yield PingBatch.concatenate(held)
                held = []
        yield PingBatch.concatenate(held)

    def _each(self) -> Iterator[PingBatch]:
        for path in self.part.paths:
            for one in each_batch(path, self.reading, self.devices, self.teams):
                self.read += one.read
                self.repeats += one.repeats
                self.rejected.update(one.rejected)
                self.notes += [note for note in one.notes if note not in self.notes]
                yield one.pings
                if self.progress:
                    self.progress(one.bytes, one.read)

    def in_order(self, space: Workspace) -> Iterator[PingBatch]:
        """The same pings sorted by device and time; ``late`` counts those that came after later ones."""
        sort = ExternalSort(space.new, PING, ("device", "t_ms"), PINGS_A_RUN, PINGS_A_RANGE)
        newest = np.empty(0, np.int64)
        for batch in self.batches():
            newest = np.append(newest, np.full(len(self.devices) - len(newest), np.iinfo(np.int64).min))
            self.late += int((batch.t_ms < newest[batch.device]).sum())
            np.maximum.at(newest, batch.device, batch.t_ms)
            sort.add(records(batch, PING))
        pa.default_memory_pool().release_unused()  # what reading took; sorting needs as much
        for one in sort.ranges():
            yield table(PingBatch, one)

    def found(self, located: Located, kept: PieceFile | None) -> Found:
        located = replace(located, repeats=located.repeats + self.repeats)
        devices, teams = list(self.devices), list(self.teams)
        return Found(located, devices, teams, self.read, self.late, self.rejected, self.notes, kept)


def _each(
    parts: Sequence[Part],
    boundaries: Boundaries,
    executor: Executor | None,
    space: Workspace,
    reading: Reading,
    progress: Progress,
) -> dict[Part, Found]:
    if executor is None:
        return {part: locate_part(part, reading, boundaries, progress, space.piece_file()) for part in parts}
    data = packed(boundaries)
    futures = {executor.submit(locate_part, part, reading, data): part for part in parts}
    found = {}
    try:
        for future in as_completed(futures):
            part = futures.pop(future)
            found[part] = _put_away(future, space)
            progress(part.bytes, found[part].read)
    finally:
        for future in futures:
            future.cancel()
    return found


def _put_away(future: Future[Found], space: Workspace) -> Found:
    """What a worker sent, its pieces in the workspace."""
    sent = future.result()
    kept = space.piece_file()
    kept.add([records(sent.located.pieces, PIECE)])
    return replace(sent, located=replace(sent.located, pieces=Pieces.empty()), kept=kept)


def _overlapping(found: dict[Part, Found]) -> list[list[Part]]:
    """Groups of parts that cannot follow each other in time for every device."""
    parts = sorted(found, key=lambda part: (_first_ms(found[part]), part.paths))
    rows = _spans([found[part] for part in parts])
    if not len(rows):
        return []
    group = list(range(len(parts)))

    def root(n: int) -> int:
        while group[n] != n:
            n = group[n]
        return n

    device, first, last, part = rows[np.lexsort((rows[:, 3], rows[:, 1], rows[:, 0]))].T
    # The latest end so far of the same device, and the part furthest on: both must be behind us.
    shift = device * (int(last.max()) - int(first.min()) + 1)
    ended = np.maximum.accumulate(last + shift) - shift
    same = device[1:] == device[:-1]
    clash = same & ((first[1:] <= ended[:-1]) | (part[1:] < part[:-1]))
    for a, b in {(int(a), int(b)) for a, b in zip(part[:-1][clash], part[1:][clash], strict=True)}:
        group[root(a)] = root(b)
    grouped: dict[int, list[Part]] = {}
    for n, one in enumerate(parts):
        grouped.setdefault(root(n), []).append(one)
    return [some for some in grouped.values() if len(some) > 1]


def _first_ms(found: Found) -> int:
    return int(found.located.first.t_ms.min()) if len(found.located.first) else 0


def _spans(found: Sequence[Found]) -> NDArray[np.int64]:
    """Rows (device, first, last, part): from when to when a device has pings in each part."""
    codes: dict[Key, int] = {}
    rows = [np.empty((0, 4), np.int64)]
    for number, one in enumerate(found):
        mine = np.array([codes.setdefault(key, len(codes)) for key in one.devices], np.int64)
        first, last = one.located.first, one.located.last
        rows.append(np.column_stack((mine[first.device], first.t_ms, last.t_ms, np.full(len(first), number, np.int64))))
    return np.vstack(rows)


def _joined(found: dict[Part, Found], boundaries: Boundaries, space: Workspace) -> Found:
    """One answer, with codes in the order of the names, so that it does not tell which part was done first."""
    parts = sorted(found, key=lambda part: (_first_ms(found[part]), part.paths))
    each = [found[part] for part in parts]
    devices = sorted({key for one in each for key in one.devices})
    teams = sorted({key for one in each for key in one.teams})
    recoding = [(_codes(one.devices, devices), _codes(one.teams, teams)) for one in each]
    located = join([_recoded(one.located, *codes) for one, codes in zip(each, recoding, strict=True)], boundaries)
    kept = space.piece_file()
    for one, codes in zip(each, recoding, strict=True):
        kept.take_over(one.kept, *codes)
    kept.add([records(located.pieces, PIECE)])  # the steps between parts
    rejected: Counter[str] = Counter()
    for one in each:
        rejected.update(one.rejected)
    notes = list(dict.fromkeys(note for one in each for note in one.notes))
    read, late = sum(one.read for one in each), sum(one.late for one in each)
    return Found(replace(located, pieces=Pieces.empty()), devices, teams, read, late, rejected, notes, kept)


def _recoded(located: Located, device: NDArray[np.int32], team: NDArray[np.int32]) -> Located:
    first, last = (
        replace(ends, device=device[ends.device], team=team[ends.team]) for ends in (located.first, located.last)
    )
    return replace(located, first=first.take(np.argsort(first.device)), last=last.take(np.argsort(last.device)))


def _codes(names: Iterable[Key], wanted: Sequence[Key]) -> NDArray[np.int32]:
    position = {key: n for n, key in enumerate(wanted)}
    return np.array([position[key] for key in names], np.int32)
