"""Separated text: Arrow's typed reader where a block's cells fit, row by row with reasons where they do not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.csv as pc

from data_access.loading.pings import times
from data_access.loading.pings.batches import ReadBatch
from data_access.loading.pings.layout import Layout, joined
from data_access.loading.pings.lines import Blocks, TextRows, Unclosed, text_rows
from data_access.loading.pings.settle import WHO, Settler, TextBlock, TypedBlock
from data_access.loading.pings.source import Stream
from data_access.loading.records import check_misfits
from data_access.loading.result import LoadRefused

_SMALL = 1 << 17  # bytes of a block that is not divided further to keep what is wrong to itself
_PARTS = 4
_NAMES = pa.dictionary(pa.int32(), pa.string())
# How days that no month has begin to be written: 31/04/, 31/4/.
_NO_DAYS = tuple(
    f"{day}/{month}/".encode()
    for day, months in ((29, (2,)), (30, (2,)), (31, (2, 4, 6, 9, 11)))
    for month in sorted({text for m in months for text in (f"{m}", f"{m:02d}")})
)


class CsvFile:
    """Batches of one file. ``blank`` rows were passed over, ``foreign`` blocks read as Windows-1252."""

    def __init__(self, stream: Stream, layout: Layout, settler: Settler) -> None:
        self._name = stream.name
        self._layout = layout
        self._settler = settler
        self._blocks = Blocks(stream)
        self._records, self._lines = layout.header_records, layout.header_lines
        self.blank = layout.header_records - 1
        self.foreign = self._misfits = 0
        self._parse, self._convert = _options(layout)
        self._names = [f"c{i}" for i in range(layout.width)]
        self._tried = layout.form.main != times.OTHER and "date" not in layout.columns

    @property
    def whole_end(self) -> bool:
        return self._blocks.whole_end

    def __iter__(self) -> Iterator[ReadBatch]:
        start = self._layout.header_bytes
        for block in self._blocks:
            yield from self._read(block[start:], start)
            start = 0

    def _read(self, block: memoryview, offset: int) -> Iterator[ReadBatch]:
        """The block's batches; where a part of it cannot be read as typed, only the smallest part is read as text."""
        waiting, last = [(0, len(block))], len(block)
        plain = self._tried
        while waiting:
            start, end = waiting.pop()
            if end <= start:
                continue
            batch = self._typed(block[start:end]) if plain else None
            if batch is not None:
                yield batch
                continue
            if end - start > _SMALL and plain:
                waiting.extend(reversed(_divided(block, start, end)))
                continue
            plain = self._tried
            try:
                batch = self._texts(block[start:end], self._blocks.ended and end == last)
            except Unclosed as unclosed:
                if unclosed.for_good or (self._blocks.ended and end == last):
                    raise LoadRefused(_unclosed(self._name, self._lines + unclosed.line)) from None
                if end == last:
                    self._blocks.give_back(offset + start)
                    return
                waiting.append((start, waiting.pop()[1]))
                plain = False  # together with the next part, as text
                continue
            if batch is not None:
                yield batch

    def _typed(self, block: memoryview) -> ReadBatch | None:
        read = pc.ReadOptions(use_threads=False, block_size=len(block) + 64, column_names=self._names)
        try:
            table = pc.read_csv(
                pa.py_buffer(block), read_options=read, parse_options=self._parse, convert_options=self._convert
            )
        except (pa.ArrowInvalid, pa.ArrowKeyError):
            return None
        n = table.num_rows
        if not n or (self._layout.quoted and not _rows_are_lines(block, n, self._blocks.newline)):
            return None
        typed = self._block(table, n, block)
        batch = self._settler.typed(typed) if typed is not None else None
        if batch is not None:
            self._records += n
            self._lines += n
        return batch

    def _block(self, table: pa.Table, n: int, block: memoryview) -> TypedBlock | None:
        place = self._layout.columns

        def column(name: str) -> pa.Array:
            chunks = table.column(f"c{place[name]}")
            return chunks.chunk(0) if chunks.num_chunks == 1 else chunks.combine_chunks()

        pair = self._layout.pairs[0]
        x, y, when = column(pair.x), column(pair.y), column("time")
        if x.null_count or y.null_count or when.null_count:
            return None
        who = {name: column(name) for name in WHO if name in place}
        if not self._layout.quoted and any('"' in text for c in who.values() for text in c.dictionary.to_pylist()):
            return None
        if self._layout.form.main == times.DAY_FIRST and _may_have_rolled(block, when):
            return None
        time_ms = _milliseconds(when, self._layout.form)
        if time_ms is None:
            return None
        return TypedBlock(
            range(self._records + 1, self._records + n + 1),
            time_ms,
            pa.types.is_timestamp(when.type) and when.type.tz is None,
            x.to_numpy(),
            y.to_numpy(),
            column("accuracy").to_numpy(zero_copy_only=False) if "accuracy" in place else None,
            who,
        )

    def _texts(self, block: memoryview, final: bool) -> ReadBatch | None:
        data, layout = bytes(block), self._layout
        rows = text_rows(self._decoded(data), layout.delimiter, len(layout.headers), layout.width)
        cut_off = final and rows.rows and rows.problems.get(len(rows.rows) - 1) and data[-1:] not in (b"\n", b"\r")
        if cut_off and rows.numbers[-1] == rows.records - 1:
            raise LoadRefused(
                f"{self._name} is cut off: its last line ({self._lines + rows.lines:,}) stops in the middle of a row. "
                "Export or download it again."
            )
        numbers = np.array(rows.numbers, dtype=np.int64) + self._records + 1
        self._records += rows.records
        self._lines += rows.lines
        self.blank += rows.blank
        self._misfits += len(rows.problems)
        check_misfits(self._name, self._misfits, next(reversed(rows.problems.values()), ""))
        if not rows.rows:
            return None
        return self._settler.texts(TextBlock(numbers, self._cells(rows), rows.raw, rows.problems))

    def _cells(self, rows: TextRows) -> dict[str, list[str]]:
        cells = {name: [row[at] for row in rows.rows] for name, at in self._layout.columns.items()}
        if "date" in cells:
            cells["time"] = joined(cells["date"], cells["time"])
        return cells

    def _decoded(self, data: bytes) -> str:
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError:
            pass
        try:
            text = data.decode("cp1252")
        except UnicodeDecodeError as error:
            raise LoadRefused(
                f"{self._name} is not text: near line {self._lines + 1:,} the byte {data[error.start]:#x} belongs to "
                "neither UTF-8 nor Windows-1252. Save it as CSV UTF-8 and load that."
            ) from None
        self.foreign += 1
        return text


def _options(layout: Layout) -> tuple[pc.ParseOptions, pc.ConvertOptions]:
    parse = pc.ParseOptions(
        delimiter=layout.delimiter,
        # Marks that do not close cannot swallow rows where there is no quoting; a block with some goes by texts.
        quote_char='"' if layout.quoted else False,
        newlines_in_values=layout.quoted,
        ignore_empty_lines=False,
    )
    kinds: dict[str, pa.DataType] = dict.fromkeys(WHO, _NAMES)
    kinds |= dict.fromkeys((layout.pairs[0].x, layout.pairs[0].y, "accuracy"), pa.float64())
    kinds["time"] = _time_type(layout.form)
    types = {f"c{at}": kinds[name] for name, at in layout.columns.items() if name in kinds}
    parsers = []
    if layout.form.main == times.DAY_FIRST:
        parsers = ["%d/%m/%Y %H:%M:%S" if layout.form.seconds else "%d/%m/%Y %H:%M"]
    convert = pc.ConvertOptions(
        column_types=types,
        include_columns=list(types),
        null_values=[""],
        strings_can_be_null=False,
        decimal_point="," if layout.decimal_comma else ".",
        timestamp_parsers=parsers,
    )
    return parse, convert


def _time_type(form: times.TimeForm) -> pa.DataType:
    if form.main == times.NUMBER:
        return pa.float64() if form.digits else pa.int64()
    if form.main == times.DAY_FIRST:
        return pa.timestamp("s")
    unit = "ms" if form.digits <= 3 else "us" if form.digits <= 6 else "ns"
    return pa.timestamp(unit, tz="UTC" if form.main == times.ISO_ZONED else None)


def _milliseconds(when: pa.Array, form: times.TimeForm) -> np.ndarray | None:
    if pa.types.is_timestamp(when.type):
        ms = when.view(pa.int64()).to_numpy()
        return {"s": lambda: ms * 1000, "ms": lambda: ms, "us": lambda: ms // 1000, "ns": lambda: ms // 1_000_000}[
            when.type.unit
        ]()
    values, per = when.to_numpy(), times.PER_SECOND[form.unit]
    # 3000-01-01: no number before it overflows below.
    if not (values.min() >= 0 and values.max() < 32_503_680_000 * per):
        return None
    if values.dtype == np.float64:
        return np.rint(values * (1_000_000 / per)).astype(np.int64) // 1000
    return values * (1000 // per) if per <= 1000 else values // (per // 1000)


def _may_have_rolled(block: memoryview, seconds: pa.Array) -> bool:
    """Whether Arrow may have read 31/02 as 3 March, or a second 60 as the next minute, which it does without a word."""
    letters = np.frombuffer(block, np.uint8)
    if ((letters[:-1] == ord(":")) & (letters[1:] == ord("6"))).any():
        return True
    values = seconds.view(pa.int64()).to_numpy()
    first, last = int(values.min()) // 86_400, int(values.max()) // 86_400
    days = (date(1970, 1, 1) + timedelta(days=day) for day in range(max(first, 0), min(last, first + 400, 80_000) + 1))
    # Months after one that is shorter than 31 days.
    if not any(d.day <= 3 and d.month in (3, 5, 7, 10, 12) for d in days):
        return False
    data = bytes(block)
    return any(day in data for day in _NO_DAYS)


def _divided(block: memoryview, start: int, end: int) -> list[tuple[int, int]]:
    """Parts that end with a line."""
    cuts, data = [start], bytes(block[start:end])
    newline = b"\n" if b"\n" in data else b"\r"
    for i in range(1, _PARTS):
        at = data.find(newline, (end - start) * i // _PARTS) + 1 + start
        if cuts[-1] < at < end and at > start:
            cuts.append(at)
    return list(zip(cuts, [*cuts[1:], end], strict=True))


def _rows_are_lines(block: memoryview, rows: int, newline: bytes) -> bool:
    """Whether no row has a line ending within it: a quotation mark that is not closed would swallow rows unseen."""
    data = np.frombuffer(block, np.uint8)
    lines = int(np.count_nonzero(data == newline[0])) + (data[-1] != newline[0])
    last = bytes(block[-(1 << 16) :]).rstrip(b"\r\n").rpartition(newline)[2]
    return lines == rows and last.count(b'"') % 2 == 0


def _unclosed(name: str, lines_before: int) -> str:
    return (
        f"{name}, line {lines_before + 1:,}: a quotation mark is opened and not closed on that row, so the rows after "
        "it cannot be told apart. Close it (or double a mark meant as text) and load again."
    )
