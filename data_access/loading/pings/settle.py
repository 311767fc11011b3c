"""From a block's columns to pings: typed columns where everything in them can be, texts where each row needs its reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from analysis.dosage.tables import PingBatch
from data_access.loading.pings import places, times
from data_access.loading.pings.batches import Names, ReadBatch, Reject, Said
from data_access.loading.pings.clock import DAY_MS, Clock
from data_access.loading.pings.ledger import Ledger, Mask
from data_access.loading.pings.order import Order
from data_access.loading.pings.places import Pair
from data_access.loading.pings.times import TimeForm

WHO = ("provider", "device", "team")
_WORST_M = 1e7  # from the equator to a pole
_NUMBER = r"^[+-]?(?:[0-9]{1,99}(?:\.[0-9]{0,99})?|\.[0-9]{1,99})(?:[eE][+-]?[0-9]{1,3})?$"

Floats = NDArray[np.float64]
Int32s = NDArray[np.int32]
Int64s = NDArray[np.int64]


@dataclass
class TypedBlock:
    """A block whose cells all fitted their types. ``time_ms`` is local where ``zoneless``."""

    numbers: range
    time_ms: Int64s
    zoneless: bool
    x: Floats
    y: Floats
    accuracy: Floats | None
    who: dict[str, pa.DictionaryArray]


@dataclass
class TextBlock:
    """A block as texts, by canonical name; ``problems``: rows that do not fit the columns."""

    numbers: Int64s
    cells: dict[str, list[str]]
    raw: Callable[[int], str]
    problems: dict[int, str] = field(default_factory=dict)


class Coded(NamedTuple):
    """A name for each row, as codes of a list."""

    names: list[str]
    codes: Int32s


@dataclass
class Counts:
    """What the notes count."""

    zoneless: int = 0
    numbers: int = 0
    converted: int = 0
    midnights: int = 0
    accuracy_given: int = 0
    accuracy_worst: float = 0.0


@dataclass
class Settler:
    """One file's answers to all that its cells leave open, and what was found while reading it."""

    said: Said
    names: Names
    form: TimeForm
    clock: Clock
    pairs: list[Pair]
    order: Order
    today: date
    decimal_comma: bool = False
    max_accuracy_m: float | None = None
    counts: Counts = field(default_factory=Counts)
    _space: Floats = field(default_factory=lambda: np.empty(0))
    _clean: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._until = times.end_of(self.today)

    def typed(self, block: TypedBlock) -> ReadBatch | None:
        """The block's pings; None when a row may have to be rejected, and nothing has changed then."""
        lon, lat = block.x, block.y
        if self.pairs[0].crs is not None:
            if self.pairs[0].is_grid and not places.on_grid(lon, lat).all():
                return None
            lon, lat = places.to_degrees(lon, lat, self.pairs[0])
        if len(self._space) < len(lon):
            self._space = np.empty(len(lon))
        place = places.canonical_if_good(lon, lat, self._space[: len(lon)])
        if place is None:
            return None
        if block.accuracy is not None and not _between(block.accuracy, 0, self.max_accuracy_m or _WORST_M):
            return None
        slack = DAY_MS if block.zoneless else 0
        if block.time_ms.min() < times.FIRST_MS - slack or block.time_ms.max() >= self._until + slack:
            return None
        who = self._codes(block)
        if who is None:
            return None
        device, team, distinct = who
        t_ms = block.time_ms
        self.form.look_at_days(t_ms[:: max(len(t_ms) - 1, 1)])
        if block.zoneless:
            found = self._utc(t_ms, device)
            if found is None:
                return None
            t_ms = found
            self.counts.zoneless += len(t_ms)
        if self.pairs[0].crs is not None:
            self.counts.converted += len(lon)
        if self.form.main == times.NUMBER:
            self.counts.numbers += len(t_ms)
        pings = PingBatch(device, team, t_ms, *place)
        return self._emit(pings, distinct, block.numbers, block.accuracy, [])

    def _utc(self, local_ms: Int64s, device: Int32s) -> Int64s | None:
        before = self.clock.mark()
        t_ms, missing = self.clock.to_utc(local_ms, device)
        if missing is None and t_ms.min() >= times.FIRST_MS and t_ms.max() < self._until:
            return t_ms
        self.clock.back_to(before)
        return None

    def _codes(self, block: TypedBlock) -> tuple[Int32s, Int32s, int] | None:
        """(device, team, devices in the block) or None when a name cannot be."""
        n = len(block.numbers)
        texts: dict[str, list[str]] = {}
        for what in WHO:
            column = block.who.get(what)
            cleaned = [
                self._named(what, text) for text in (column.dictionary.to_pylist() if column is not None else [""])
            ]
            if any(problem for _, problem in cleaned):
                return None
            texts[what] = [name for name, _ in cleaned]
        index = {what: column.indices.to_numpy(zero_copy_only=False) for what, column in block.who.items()}
        provider = index.get("provider") if len(texts["provider"]) > 1 else None
        device = _pair_codes(self.names.device, texts["provider"], texts["device"], provider, index.get("device"), n)
        team = _pair_codes(self.names.team, texts["provider"], texts["team"], provider, index.get("team"), n)
        return device[0], team[0], device[1]

    def _named(self, what: str, text: str) -> tuple[str, str]:
        found = self._clean.get((what, text))
        if found is None:
            found = self.said.named(what, text)
            if len(self._clean) < 100_000:
                self._clean[what, text] = found
        return found

    def texts(self, block: TextBlock) -> ReadBatch:
        """The block's pings, and every other row with its reason."""
        n = len(block.numbers)
        ledger = Ledger(n)
        if block.problems:
            misfit = np.zeros(n, dtype=bool)
            misfit[list(block.problems)] = True
            ledger.reject(misfit, "(row)", lambda row: block.problems[row])
        who = {what: self._names_of(what, block.cells.get(what), ledger) for what in WHO}
        cells = block.cells["time"]
        read = times.read_texts(cells, self.form, ledger)
        lon, lat = self._places_of(block, ledger)
        accuracy = self._accuracy_of(block, ledger)
        device = np.zeros(n, np.int32)
        device[ledger.good] = _code_pairs(self.names.device, who["provider"], who["device"], ledger.good)
        t_ms = self._settle_times(read, device, cells, ledger)
        kept = ledger.good
        team = _code_pairs(self.names.team, who["provider"], who["team"], kept)
        pings = PingBatch(device[kept], team, t_ms[kept], places.canonical(lon[kept]), places.canonical(lat[kept]))
        rejects = ledger.rejects(block.numbers, block.raw)
        distinct = len(np.unique(pings.device))
        return self._emit(pings, distinct, block.numbers[kept], None if accuracy is None else accuracy[kept], rejects)

    def _names_of(self, what: str, cells: list[str] | None, ledger: Ledger) -> Coded:
        coded = pa.array(cells if cells is not None else [""] * len(ledger), pa.string()).dictionary_encode()
        found = [self._named(what, text) for text in coded.dictionary.to_pylist()]
        codes = coded.indices.to_numpy()
        bad = np.array([bool(problem) for _, problem in found], dtype=bool)[codes]
        ledger.reject(bad, what, lambda row: found[codes[row]][1])
        return Coded([name for name, _ in found], codes)

    def _places_of(self, block: TextBlock, ledger: Ledger) -> tuple[Floats, Floats]:
        columns = []
        for pair in self.pairs:
            found = []
            for name in (pair.x, pair.y):
                values, bad = read_numbers(block.cells[name], self.decimal_comma or pair.crs is None)
                ledger.reject_cells(bad, name, "“{cell}” is not a coordinate.", block.cells[name])
                found.append(values)
            columns.append((pair, *found))
        lon, lat, converted = places.read_places(columns, ledger)
        self.counts.converted += int((converted & ledger.good).sum())
        return lon, lat

    def _accuracy_of(self, block: TextBlock, ledger: Ledger) -> Floats | None:
        cells = block.cells.get("accuracy")
        if cells is None:
            return None
        values, bad = read_numbers(cells, self.decimal_comma)
        with np.errstate(invalid="ignore"):
            bad |= (values < 0) | (values > _WORST_M)
            ledger.reject_cells(bad, "accuracy", "“{cell}” is not an accuracy in metres.", cells)
            if self.max_accuracy_m is not None:
                reason = f"Accuracy {{cell}} m is worse than the {self.max_accuracy_m:g} m that are asked for."
                ledger.reject_cells(values > self.max_accuracy_m, "accuracy", reason, cells)
        return values

    def _settle_times(self, read: times.ReadTimes, device: Int32s, cells: list[str], ledger: Ledger) -> Int64s:
        t_ms = read.ms.copy()
        local = np.flatnonzero(~read.zoned & ledger.good)
        near = np.flatnonzero((t_ms[local] >= times.FIRST_MS - DAY_MS) & (t_ms[local] < self._until + DAY_MS))
        local = local[near]
        if len(local):
            t_ms[local], never = self.clock.to_utc(t_ms[local], device[local])
            if never is not None:
                missing = np.zeros(len(ledger), dtype=bool)
                missing[local[never]] = True
                gap = "“{cell}” does not exist: the clocks went forward over that hour."
                ledger.reject_cells(missing, "time", gap, cells)
        times.bound(t_ms, self._until, self.today, cells, ledger, self.form)
        self.counts.zoneless += int((~read.zoned & ledger.good).sum())
        self.counts.numbers += int((read.number & ledger.good).sum())
        return t_ms

    def _emit(
        self,
        pings: PingBatch,
        distinct: int,
        numbers: Int64s | range,
        accuracy: Floats | None,
        rejects: list[Reject],
    ) -> ReadBatch:
        repeats = self.order.take(pings, distinct, len(self.names.devices))
        metres = None if accuracy is None else accuracy.astype(np.float32)
        duplicates = np.empty(0, np.int64)
        if repeats is not None:
            numbers = np.asarray(numbers, np.int64)
            duplicates, numbers, pings = numbers[repeats], numbers[~repeats], pings.take(~repeats)
            metres = None if metres is None else metres[~repeats]
        if metres is not None and len(metres):
            known = metres[~np.isnan(metres)]
            self.counts.accuracy_given += len(known)
            self.counts.accuracy_worst = max(self.counts.accuracy_worst, float(known.max(initial=0)))
        return ReadBatch(pings, numbers, metres, duplicates, rejects)


def _between(values: Floats, low: float, high: float) -> bool:
    """Whether all that are known are."""
    with np.errstate(invalid="ignore"):
        return not bool(((values < low) | (values > high)).any())


def _pair_codes(
    code: Callable[[str, str], int],
    providers: list[str],
    names: list[str],
    provider: Int32s | None,
    name: Int32s | None,
    n: int,
) -> tuple[Int32s, int]:
    """(codes of rows, how many different) from indices into the lists; None stands for "always the first"."""
    if provider is None:
        table = np.array([code(providers[0], text) for text in names], np.int32)
        if name is None or len(table) == 1:
            return _all_the_same(int(table[0]), n), 1
        same = len(table) == int(table[-1]) + 1 and bool((table == np.arange(len(table))).all())
        return (name if same else table[name]), len(set(table.tolist()))
    both = provider.astype(np.int64) * len(names) + (0 if name is None else name)
    used, at = np.unique(both, return_inverse=True)
    table = np.array([code(providers[i // len(names)], names[i % len(names)]) for i in used.tolist()], np.int32)
    return table[at], len(set(table.tolist()))


@lru_cache(maxsize=4)
def _long_constant(code: int, n: int) -> Int32s:
    values = np.full(n, code, np.int32)
    values.flags.writeable = False  # many blocks share it
    return values


def _all_the_same(code: int, n: int) -> Int32s:
    return _long_constant(code, -(-n >> 16) << 16)[:n]


def _code_pairs(code: Callable[[str, str], int], provider: Coded, name: Coded, rows: Mask) -> Int32s:
    """Codes of the rows that a mask chooses; only names that one of them has become codes."""
    both = provider.codes[rows].astype(np.int64) * len(name.names) + name.codes[rows]
    # By first row, so that codes do not depend on how the file was cut into blocks.
    used, first, at = np.unique(both, return_index=True, return_inverse=True)
    table = np.zeros(len(used), np.int32)
    for i in np.argsort(first).tolist():
        one = int(used[i])
        table[i] = code(provider.names[one // len(name.names)], name.names[one % len(name.names)])
    return table[at]


def read_numbers(cells: list[str], decimal_comma: bool) -> tuple[Floats, Mask]:
    """(values, NaN where the cell is empty or no number; cells that are no number)."""
    texts = pc.utf8_trim_whitespace(pa.array(cells, pa.string()))
    if decimal_comma:
        texts = pc.replace_substring_regex(texts, r"^([+-]?[0-9]*),([0-9]+(?:[eE][+-]?[0-9]+)?)$", r"\1.\2")
    fits = np.asarray(pc.match_substring_regex(texts, _NUMBER))
    values = np.full(len(cells), np.nan)
    if fits.any():
        plain = pc.replace_substring_regex(texts.filter(pa.array(fits)), r"^\+", "")
        values[fits] = pc.cast(plain, pa.float64()).to_numpy()
    return values, ~fits & ~np.asarray(pc.equal(texts, ""))
