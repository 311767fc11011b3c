"""Parquet: typed columns as they are; a block with something that cannot be goes by texts, row by row."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
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
from data_access.loading.records import check_header
from data_access.loading.result import LoadRefused
from data_access.loading.source_file import check_unpacked_size
from settings import max_load_bytes

MAGIC = b"PAR1"
ROWS = 1 << 17
_NAMES = pa.dictionary(pa.int32(), pa.string())
LONGEST_TEXT = 1_000  # bytes of a cell; names have at most 60 characters
_GROWING = (
    "DELTA_BYTE_ARRAY"  # a text says only how it differs from the one before: a few bytes may stand for gigabytes
)


class ParquetFile:
    """One file: ``columns`` (canonical -> header), ``form`` and ``zone`` of its times, ``pairs`` of its coordinates."""

    def __init__(
        self, name: str, source: Path | io.BytesIO, mapping: Mapping, needs: tuple[str, ...], most_rows: int | None
    ) -> None:
        self._name = name
        with self._said_plainly():
            self._open(name, source, mapping, needs, most_rows)

    def _open(
        self, name: str, source: Path | io.BytesIO, mapping: Mapping, needs: tuple[str, ...], most_rows: int | None
    ) -> None:
        # Pages as they are needed, not whole columns of a row group at once: 60 MB less, and no slower.
        self._file = pq.ParquetFile(source, pre_buffer=False, buffer_size=1 << 18)
        schema = self._file.schema_arrow
        self.rows = rows = self._file.metadata.num_rows
        if not rows:
            raise LoadRefused(f"{name} has columns but no rows. Nothing to load.")
        if most_rows is not None and rows > most_rows:
            raise LoadRefused(f"{name} has {rows:,} rows, more than {most_rows:,}. Split it by month.")
        if most_rows is not None:
            groups = (self._file.metadata.row_group(i) for i in range(self._file.metadata.num_row_groups))
            check_unpacked_size(name, _size(source), sum(group.total_byte_size for group in groups))
        check_header(name, len(schema.names))
        at = find_columns(schema.names, mapping, name, needs, "columns of the Parquet file")
        self.columns = {canonical: schema.names[i] for canonical, i in at.items()}
        # Texts once each, however often and however long they are.
        texts = self._check_columns(schema, whole=most_rows is not None)
        self._file = pq.ParquetFile(source, pre_buffer=False, buffer_size=1 << 18, read_dictionary=texts)
        sample = self._sample()
        shown = {c: _texts(sample.column(h)) for c, h in self.columns.items()}
        self.form, self.zone = look_at_times(shown, self.columns["time"], mapping, name)
        kind = schema.field(self.columns["time"]).type
        if pa.types.is_timestamp(kind):
            self.form = TimeForm(times.ISO if kind.tz is None else times.ISO_ZONED, unit=self.form.unit)
        numbers = {n: _floats(sample.column(self.columns[n])) for n in "xy" if n in self.columns}
        self.pairs: list[Pair] = pairs_of(self.columns, mapping, {n: v[~np.isnan(v)] for n, v in numbers.items()}, name)

    def _broken(self, problem: Exception) -> str:
        said = str(problem).splitlines()[0][:200] if str(problem) else type(problem).__name__
        return f"{self._name} is damaged or cut off: it starts as Parquet but cannot be read ({said}). Export it again."

    @contextmanager
    def _said_plainly(self) -> Iterator[None]:
        try:
            yield
        except LoadRefused:
            raise
        except Exception as problem:  # Arrow, and Python over what Arrow hands it, have a dozen ways to say it
            raise LoadRefused(self._broken(problem)) from None

    def _check_columns(self, schema: pa.Schema, *, whole: bool) -> list[str]:
        """The wanted columns that hold texts; LoadRefused where one is no column of cells, or all unpack to too much.

        ``whole`` : in all; else a row group at a time, for who reads a file of any length as a stream.
        """
        wanted = set(self.columns.values())
        for header in wanted:
            if not _is_cell(schema.field(header).type):
                raise LoadRefused(
                    f"{self._name}: the column “{header[:60]}” holds neither numbers nor times nor texts "
                    f"({str(schema.field(header).type)[:60]}). Export it as a plain column and load again."
                )
        meta, unpacked, texts = self._file.metadata, 0, set[str]()
        for group in map(meta.row_group, range(meta.num_row_groups)):
            unpacked = unpacked if whole else 0
            for chunk in map(group.column, range(group.num_columns)):
                if chunk.path_in_schema not in wanted:
                    continue
                unpacked += chunk.total_uncompressed_size
                if chunk.physical_type == "BYTE_ARRAY" and not pa.types.is_decimal(
                    schema.field(chunk.path_in_schema).type
                ):
                    texts.add(chunk.path_in_schema)
                    self._check_encodings(chunk)
            if unpacked > max_load_bytes():
                raise LoadRefused(
                    f"{self._name} unpacks to more than {max_load_bytes() >> 20:,} MB. Split it by month."
                )
        return sorted(texts)

    def _check_encodings(self, chunk: pq.ColumnChunkMetaData) -> None:
        if _GROWING in chunk.encodings:
            raise LoadRefused(
                f"{self._name}: the column “{chunk.path_in_schema[:60]}” is written as {_GROWING}, which is not read. Write "
                "the file with dictionary or plain encoding and load again."
            )

    def _sample(self) -> pa.Table:
        first = next(self._blocks(1000))
        self._check_texts(first)
        return pa.table(first)

    def _blocks(self, rows: int) -> Iterator[pa.RecordBatch]:
        wanted = list(dict.fromkeys(self.columns.values()))
        return iter(self._file.iter_batches(batch_size=rows, columns=wanted, use_threads=False))

    def _check_texts(self, block: pa.RecordBatch) -> None:
        for header in dict.fromkeys(self.columns.values()):
            column = block.column(header)
            texts = column.dictionary if pa.types.is_dictionary(column.type) else column
            if _is_text(texts.type) and (pc.max(pc.binary_length(texts)).as_py() or 0) > LONGEST_TEXT:
                raise LoadRefused(
                    f"{self._name}: the column “{header[:60]}” holds a text of over {LONGEST_TEXT:,} bytes, which is neither "
                    "a name, a time nor a number. Look at that column, and load again."
                )

    def batches(self, settler: Settler) -> Iterator[ReadBatch]:
        number, blocks = 0, self._blocks(ROWS)
        while True:
            with self._said_plainly():
                block = next(blocks, None)
                if block is None:
                    return
                self._check_texts(block)
                batch = self._read(block, number, settler) if block.num_rows else None
            if batch is not None:
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


def _is_text(kind: pa.DataType) -> bool:
    t = pa.types
    return t.is_string(kind) or t.is_large_string(kind) or t.is_binary(kind) or t.is_large_binary(kind)


def _is_cell(kind: pa.DataType) -> bool:
    t = pa.types
    kind = kind.value_type if t.is_dictionary(kind) else kind
    others = (t.is_string_view, t.is_binary_view, t.is_boolean, t.is_temporal, t.is_null)
    return _is_text(kind) or _is_number(kind) or any(is_one(kind) for is_one in others)


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
