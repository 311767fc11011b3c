"""Parquet: typed columns as they are; a block with something that cannot be goes by texts, row by row."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from data_access.loading.mapping import Mapping
from data_access.loading.pings import times
from data_access.loading.pings.batches import ReadBatch
from data_access.loading.pings.csv_file import _milliseconds
from data_access.loading.pings.layout import find_columns, joined, look_at_times
from data_access.loading.pings.places import Pair, pairs_of
from data_access.loading.pings.settle import WHO, Settler, TextBlock, TypedBlock
from data_access.loading.pings.times import TimeForm
from data_access.loading.result import LoadRefused
from data_access.loading.source_file import check_unpacked_size

MAGIC = b"PAR1"
ROWS = 1 << 17
_NAMES = pa.dictionary(pa.int32(), pa.string())
_TROUBLE = (pa.ArrowException, OSError, ValueError, KeyError, NotImplementedError)


class ParquetFile:
    """One file: ``columns`` (canonical -> header), ``form`` and ``zone`` of its times, ``pairs`` of its coordinates."""

    def __init__(
        self, name: str, source: Path | io.BytesIO, mapping: Mapping, needs: tuple[str, ...], most_rows: int | None
    ) -> None:
        self._name = name
        try:
            # Pages as they are needed, not whole columns of a row group at once: 60 MB less, and no slower.
            self._file = pq.ParquetFile(source, pre_buffer=False, buffer_size=1 << 18)
            schema = self._file.schema_arrow
            self.rows = rows = self._file.metadata.num_rows
        except _TROUBLE as problem:
            raise LoadRefused(self._broken(problem)) from None
        if not rows:
            raise LoadRefused(f"{name} has columns but no rows. Nothing to load.")
        if most_rows is not None and rows > most_rows:
            raise LoadRefused(f"{name} has {rows:,} rows, more than {most_rows:,}. Split it by month.")
        if most_rows is not None:
            groups = (self._file.metadata.row_group(i) for i in range(self._file.metadata.num_row_groups))
            check_unpacked_size(name, _size(source), sum(group.total_byte_size for group in groups))
        at = find_columns(schema.names, mapping, name, needs, "columns of the Parquet file")
        self.columns = {canonical: schema.names[i] for canonical, i in at.items()}
        # Names once each, however often and however long they are.
        names = [
            self.columns[n] for n in WHO if n in self.columns and pa.types.is_string(schema.field(self.columns[n]).type)
        ]
        self._file = pq.ParquetFile(source, read_dictionary=names)
        sample = self._sample()
        try:
            texts = {c: _texts(sample.column(h)) for c, h in self.columns.items()}
        except UnicodeDecodeError as problem:
            raise LoadRefused(self._broken(problem)) from None
        self.form, self.zone = look_at_times(texts, self.columns["time"], mapping, name)
        kind = schema.field(self.columns["time"]).type
        if pa.types.is_timestamp(kind):
            self.form = TimeForm(times.ISO if kind.tz is None else times.ISO_ZONED, unit=self.form.unit)
        numbers = {n: _floats(sample.column(self.columns[n])) for n in "xy" if n in self.columns}
        self.pairs: list[Pair] = pairs_of(self.columns, mapping, {n: v[~np.isnan(v)] for n, v in numbers.items()}, name)

    def _broken(self, problem: Exception) -> str:
        said = str(problem).splitlines()[0][:200] if str(problem) else type(problem).__name__
        return f"{self._name} is damaged or cut off: it starts as Parquet but cannot be read ({said}). Export it again."

    def _sample(self) -> pa.Table:
        wanted = list(dict.fromkeys(self.columns.values()))
        try:
            first = next(self._file.iter_batches(batch_size=1000, columns=wanted, use_threads=False))
        except (StopIteration, *_TROUBLE) as problem:
            raise LoadRefused(self._broken(problem)) from None
        return pa.table(first)

    def batches(self, settler: Settler) -> Iterator[ReadBatch]:
        wanted, number = list(dict.fromkeys(self.columns.values())), 0
        blocks = self._file.iter_batches(batch_size=ROWS, columns=wanted, use_threads=False)
        while True:
            try:
                block = next(blocks)
            except StopIteration:
                return
            except _TROUBLE as problem:
                raise LoadRefused(self._broken(problem)) from None
            if block.num_rows:
                try:
                    batch = self._read(block, number, settler)
                except UnicodeDecodeError as problem:  # of a text column, which Arrow hands over unread
                    raise LoadRefused(self._broken(problem)) from None
                yield batch
                number += block.num_rows

    def _read(self, block: pa.RecordBatch, before: int, settler: Settler) -> ReadBatch:
        typed = self._typed(block, range(before + 1, before + block.num_rows + 1))
        batch = settler.typed(typed) if typed is not None else None
        if batch is not None:
            return batch
        cells = {canonical: _texts(block.column(header)) for canonical, header in self.columns.items()}
        shown = list(cells)
        if "date" in cells:
            cells["time"] = joined(cells["date"], cells["time"])

        def raw(row: int) -> str:
            return ",".join(cells[name][row] for name in shown)

        numbers = np.arange(before + 1, before + block.num_rows + 1)
        return settler.texts(TextBlock(numbers, cells, raw))

    def _typed(self, block: pa.RecordBatch, numbers: range) -> TypedBlock | None:
        pair = self.pairs[0]
        wanted = [self.columns[name] for name in (pair.x, pair.y, "time")]
        if "date" in self.columns or any(block.column(h).null_count for h in wanted):
            return None
        x, y, when = (block.column(h) for h in wanted)
        plain = pa.types.is_timestamp(when.type) or (
            self.form.main == times.NUMBER and (pa.types.is_integer(when.type) or pa.types.is_floating(when.type))
        )
        if not plain or not _is_number(x.type) or not _is_number(y.type):
            return None
        time_ms = _milliseconds(when if pa.types.is_timestamp(when.type) else when.cast(_wide(when.type)), self.form)
        who = {name: _names(block.column(self.columns[name])) for name in WHO if name in self.columns}
        if time_ms is None or any(column is None for column in who.values()):
            return None
        accuracy = block.column(self.columns["accuracy"]) if "accuracy" in self.columns else None
        if accuracy is not None and not _is_number(accuracy.type):
            return None
        return TypedBlock(
            numbers, time_ms, pa.types.is_timestamp(when.type) and when.type.tz is None, _floats(x), _floats(y),
            None if accuracy is None else _floats(accuracy), {k: v for k, v in who.items() if v is not None},
        )  # fmt: skip


def _size(source: Path | io.BytesIO) -> int:
    return source.stat().st_size if isinstance(source, Path) else len(source.getbuffer())


def _wide(kind: pa.DataType) -> pa.DataType:
    return pa.float64() if pa.types.is_floating(kind) else pa.int64()


def _is_number(kind: pa.DataType) -> bool:
    return pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_decimal(kind)


def _floats(column: pa.Array | pa.ChunkedArray) -> np.ndarray:
    if not _is_number(column.type):
        return np.empty(0)
    return np.asarray(column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)).astype(
        np.float64, copy=False
    )


def _names(column: pa.Array) -> pa.DictionaryArray | None:
    if column.null_count:
        return None
    if pa.types.is_dictionary(column.type) and pa.types.is_string(column.type.value_type):
        return _without_unused(column.cast(_NAMES))
    if pa.types.is_integer(column.type):
        column = column.cast(pa.string())
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        return None
    return column.cast(pa.string()).dictionary_encode()


def _without_unused(column: pa.DictionaryArray) -> pa.DictionaryArray:
    """The same names, with none in the dictionary that no row has."""
    codes = column.indices.to_numpy()
    used = np.bincount(codes, minlength=len(column.dictionary)) > 0
    if used.all():
        return column
    number = (np.cumsum(used) - 1).astype(np.int32)
    return pa.DictionaryArray.from_arrays(pa.array(number[codes]), column.dictionary.filter(pa.array(used)))


def _texts(column: pa.Array | pa.ChunkedArray) -> list[str]:
    """Cells as a CSV would have them; an empty text where there is no value."""
    if pa.types.is_dictionary(column.type):
        if isinstance(column, pa.ChunkedArray):
            return [text for chunk in column.chunks for text in _texts(chunk)]
        words = _texts(column.dictionary)
        return ["" if at is None else words[at] for at in column.indices.to_pylist()]
    if pa.types.is_timestamp(column.type) and column.type.unit == "ns":
        column = column.cast(pa.timestamp("us", tz=column.type.tz), safe=False)
    try:
        texts = pc.cast(column, pa.string())
    except pa.ArrowException:  # lists and other things that are no cell
        return [str(value) if value is not None else "" for value in column.to_pylist()]
    return ["" if text is None else text for text in texts.to_pylist()]
