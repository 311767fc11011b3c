"""Where pings come from when no database is asked: files of any tracker, and folders of the canonical store."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from analysis.dosage.tables import PingBatch
from data_access.loading import pings
from data_access.loading.mapping import Mapping
from data_access.loading.result import LoadRefused

Codes = dict[tuple[str, str], int]  # (provider, name) -> code

TOGETHER_BYTES = 8 << 20  # days of a store in one part: a task should outlast what it costs to send
_ROWS = 1 << 18
_COLUMNS = ["device", "team", "t_ms", "lon_e7", "lat_e7"]
_QUOTED = re.compile("“[^”]*”")
_PROVIDER = re.compile(r"^provider=(.+)$")


@dataclass(frozen=True)
class Part:
    """Files that are located as one. ``sort``: known not to be in order of time for each device."""

    paths: tuple[str, ...]
    sort: bool = False

    @property
    def bytes(self) -> int:
        return sum(Path(path).stat().st_size for path in self.paths)


@dataclass(frozen=True)
class SourceBatch:
    """Some rows of a file: ``read == len(pings) + repeats + rejected``. ``bytes``: of the file, where that is known."""

    pings: PingBatch
    read: int
    repeats: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    notes: Sequence[str] = ()
    bytes: int = 0


@dataclass(frozen=True)
class Reading:
    """What the files cannot say about themselves."""

    mapping: Mapping = field(default_factory=Mapping)


def each_batch(path: str, reading: Reading, devices: Codes, teams: Codes) -> Iterator[SourceBatch]:
    """A file's pings in batches; ``devices`` and ``teams`` grow by the (provider, name) that are met."""
    stored = _store_file(path)
    if stored:
        return _store_batches(path, stored, devices, teams)
    return _tracker_batches(path, reading, devices, teams)


def _tracker_batches(path: str, reading: Reading, devices: Codes, teams: Codes) -> Iterator[SourceBatch]:
    """Pings of any tracker's file. A ping that names no team belongs to a team of its tracker alone."""
    # Repeats further back than it remembers are found when pings are located.
    file = pings.each_batch(path, reading.mapping, remembered=_ROWS)
    device, team, alone = _Recoding(devices), _Recoding(teams), _Recoding(teams)
    teamless = taken = 0
    for one in file:
        found = one.pings
        own_team = np.array([name != "" for _, name in file.names.teams], np.bool_)[found.team]
        team_codes = team.codes(file.names.teams, found.team)
        if not own_team.all():
            teamless += int((~own_team).sum())
            team_codes = np.where(own_team, team_codes, alone.codes(file.names.devices, found.device))
        found = replace(found, device=device.codes(file.names.devices, found.device), team=team_codes)
        rejected = Counter(_kind_of_reason(reject.field, reject.reason) for reject in one.rejects)
        taken, before = file.taken, taken
        yield SourceBatch(found, one.read, len(one.duplicates), rejected, bytes=max(0, taken - before))
    notes = [*file.notes]
    if teamless:
        notes.append(
            f"Pings that name no team count for a team of their tracker alone ({teamless:,}); --team names one."
        )
    rest = max(0, Path(path).stat().st_size - taken)
    yield SourceBatch(PingBatch.empty(), 0, notes=[f"{Path(path).name}: {note}" for note in notes], bytes=rest)


def _kind_of_reason(field: str, reason: str) -> str:
    """The reason without the row's own text, so that rows of one kind are counted together."""
    return f"{field}: {_QUOTED.sub('“…”', reason)}"


class _Recoding:
    """A file's own codes as codes of all files."""

    def __init__(self, known: Codes) -> None:
        self._known = known
        self._codes = np.empty(0, np.int32)

    def codes(self, names: Sequence[tuple[str, str]], own: NDArray[np.int32]) -> NDArray[np.int32]:
        new = [self._known.setdefault(name, len(self._known)) for name in names[len(self._codes) :]]
        self._codes = np.append(self._codes, np.array(new, np.int32))
        return self._codes[own]


def parts_of(paths: Sequence[Path], together: int = TOGETHER_BYTES) -> list[Part]:
    """One part a file; of a store's folder, one for some days of a provider. LoadRefused when there is nothing."""
    found: list[Part] = []
    for path in paths:
        found += _store_parts(path, together) if path.is_dir() else [Part((_existing(path),))]
    # The same file given twice would only be read twice: every ping of it is there already.
    return list(dict.fromkeys(found))


def _existing(path: Path) -> str:
    if not path.exists():
        raise LoadRefused(f"There is no file “{path}”. Check the name and the folder.")
    return str(path.resolve())


def _store_parts(folder: Path, together: int) -> list[Part]:
    files = sorted(folder.resolve().glob("**/provider=*/date=*/*.parquet"))
    if not files:
        raise LoadRefused(
            f"The folder “{folder}” holds no pings in the form provider=…/date=…/….parquet. "
            "Give such a folder, or name the files."
        )
    parts = []
    # A provider's days in order; all files of one day together, because they may overlap.
    for _, of_provider in groupby(files, key=lambda path: path.parents[1]):
        some: list[str] = []
        size = 0
        for _, of_day in groupby(of_provider, key=lambda path: path.parent):
            day = list(of_day)
            some += [str(path) for path in day]
            size += sum(path.stat().st_size for path in day)
            if size >= together:
                parts.append(Part(tuple(some)))
                some, size = [], 0
        if some:
            parts.append(Part(tuple(some)))
    return parts


def _store_batches(path: str, file: pq.ParquetFile, devices: Codes, teams: Codes) -> Iterator[SourceBatch]:
    """Pings of one file of a store."""
    provider = _provider_of(Path(path))
    try:
        size, rows = Path(path).stat().st_size, max(1, file.metadata.num_rows)
        for batch in file.iter_batches(_ROWS, columns=_COLUMNS, use_threads=False):
            found = PingBatch(
                _codes(batch["device"], provider, devices), _codes(batch["team"], provider, teams),
                *(batch[column].to_numpy() for column in _COLUMNS[2:]),
            )  # fmt: skip
            yield SourceBatch(found, len(found), bytes=size * len(found) // rows)
    except (pa.ArrowException, OSError) as problem:
        raise _damaged(path, problem) from None


def _store_file(path: str) -> pq.ParquetFile | None:
    """The file, where it lies in a folder that names its provider and has the columns of the canonical store."""
    if not path.endswith(".parquet") or not any(_PROVIDER.match(part) for part in Path(path).parts):
        return None
    try:
        file = pq.ParquetFile(path, read_dictionary=["device", "team"], pre_buffer=False, buffer_size=1 << 18)
    except (pa.ArrowException, OSError) as problem:
        raise _damaged(path, problem) from None
    return file if set(_COLUMNS) <= set(file.schema_arrow.names) else None


def _damaged(path: str, problem: Exception) -> LoadRefused:
    return LoadRefused(f"{path} is damaged or not there any more: {str(problem)[:200]}.")


def _provider_of(path: Path) -> str:
    return next(unquote(found[1]) for part in reversed(path.parts) if (found := _PROVIDER.match(part)))


def _codes(column: pa.DictionaryArray, provider: str, known: Codes) -> NDArray[np.int32]:
    keys = [(provider, name) for name in column.dictionary.to_pylist()]
    own = np.array([known.setdefault(key, len(known)) for key in keys], np.int32)
    codes = column.indices.to_numpy()
    return codes if np.array_equal(own, np.arange(len(own))) else own[codes]
