"""The way in: any file of positions, batch by batch, and afterwards what was noticed."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from collections.abc import Mapping as Known
from contextlib import ExitStack
from dataclasses import replace
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from data_access.loading.mapping import Mapping, checked
from data_access.loading.pings import gpx, notes, parquet, times
from data_access.loading.pings.batches import Names, ReadBatch, Said
from data_access.loading.pings.clock import Clock
from data_access.loading.pings.csv_file import CsvFile
from data_access.loading.pings.layout import layout_of
from data_access.loading.pings.order import Order
from data_access.loading.pings.places import Pair
from data_access.loading.pings.seen import MOST_DEVICES, REMEMBERED
from data_access.loading.pings.settle import Settler
from data_access.loading.pings.source import Stream, open_stream
from data_access.loading.result import LoadRefused
from data_access.loading.source_file import SourceFile
from domain.periods import LONDON

_ROWS_A_REJECT = 32  # a row with its reason and its text takes so many times a ping
_MOST_AT_ONCE = 1 << 30  # a packed Parquet file is unpacked into memory


class PingFile(Iterator[ReadBatch]):
    """Iterate for the batches. ``names`` says what their codes mean, and grows; ``notes`` and ``oddities`` are whole at the end."""

    def __init__(
        self,
        source: Path | SourceFile,
        mapping: Mapping,
        *,
        today: date,
        providers: Known[str, str] | None,
        needs: tuple[str, ...],
        remembered: int | None,
        most_rows: int | None,
        watch: bool = True,
        names: Names | None = None,
    ) -> None:
        self.names = names or Names()
        self.read = self.loaded = self.duplicate = self.rejected = 0
        self.columns: dict[str, str] = {}  # canonical name -> header, as it was understood
        self.format = ""
        self._name = source.name
        self._mapping = checked(mapping, source.name)
        self._said = Said(mapping.provider, mapping.team, mapping.device, providers, "team" in needs)
        self._today, self._needs, self._most_rows = today, needs, most_rows
        self._source = source
        can_be_read_again = isinstance(source, SourceFile) or source.is_file()
        self._order = Order(remembered, self._again if can_be_read_again else None, watch)
        self._settler: Settler
        self._inner: Any = None
        self._zone_said = ""
        self._stack = ExitStack()
        try:
            self._stream = self._stack.enter_context(open_stream(source))
            self._size = source.stat().st_size if isinstance(source, Path) else 0
            self._batches = iter(self._open(self._stream))
        except BaseException:
            self._stack.close()
            raise

    def __next__(self) -> ReadBatch:
        try:
            batch = next(self._batches)
        except StopIteration:
            self._stack.close()
            self._refuse_as_a_whole()
            raise
        except BaseException:
            self._stack.close()
            raise
        if len(self.names.devices) > MOST_DEVICES:
            self._stack.close()
            column = self.columns.get("device", "device")
            raise LoadRefused(
                f"{self._name} names over {MOST_DEVICES:,} trackers: “{column}” seems to number the rows. Name the column of "
                "the tracker in a mapping file (--mapping)."
            )
        self.read += batch.read
        self.loaded += len(batch.pings)
        self.duplicate += len(batch.duplicates)
        self.rejected += len(batch.rejects)
        self._refuse_too_much(batch)
        return batch

    def _refuse_too_much(self, batch: ReadBatch) -> None:
        """Where rows are held in memory there is an end to them, and to reasons sooner."""
        if self._most_rows is None or self.read <= self._most_rows >= self.rejected * _ROWS_A_REJECT:
            return
        self._stack.close()
        if self.read > self._most_rows:
            raise LoadRefused(f"{self._name} has more than {self._most_rows:,} rows. Split it by month.")
        raise LoadRefused(
            f"{self._name}: over {self.rejected - 1:,} of its {self.read:,} rows so far were rejected, too many to keep. "
            f"The latest: {batch.rejects[-1].reason if batch.rejects else ''} Mend that in the file and load it again."
        )

    def _again(self, batches: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Device and time of the first batches once more, with the same codes."""
        same = PingFile(
            self._source, self._mapping, today=self._today, providers=self._said.providers, needs=self._needs,
            remembered=0, most_rows=self._most_rows, watch=False, names=self.names,
        )  # fmt: skip
        for batch in islice(same, batches):
            yield batch.pings.device, batch.pings.t_ms
        same.close()

    def close(self) -> None:
        self._stack.close()

    def _refuse_as_a_whole(self) -> None:
        """What only the end of the file shows."""
        if not self.read:
            raise LoadRefused(f"{self._name} has a header but no rows under it. Nothing to load.")
        form = self._settler.form
        if form.month_first and not form.day_first:
            raise LoadRefused(
                f"{self._name}: dates look like MM/DD/YYYY (“{form.month_first[:30]}”). They are read as DD/MM/YYYY, so days "
                "and months would be mixed up. Export them as YYYY-MM-DD and load again."
            )

    @property
    def taken(self) -> int:
        """About how many bytes of the file on disk the batches so far were made of."""
        if isinstance(self._inner, parquet.ParquetFile):
            return self._size * self.read // self._inner.rows
        return self._stream.taken

    @property
    def notes(self) -> list[str]:
        """Sentences: what was assumed and noticed so far."""
        return notes.sentences(self._settler, self._inner, self.columns, self._zone_said)

    @property
    def oddities(self) -> dict[tuple[str, str], notes.Oddity]:
        """(provider, device) -> repeats, backward steps, jumps, of those devices that have any."""
        return notes.oddities(self._order, self.names)

    def _open(self, stream: Stream) -> Iterable[ReadBatch]:
        head = stream.head
        if head.startswith(parquet.MAGIC):
            self.format = "Parquet"
            return self._parquet(stream)
        if gpx.looks_like_xml(head):
            self.format = "GPX"
            return self._gpx(stream)
        self.format = "CSV"
        return self._csv(stream)

    def _settle(self, form: times.TimeForm, pairs: list[Pair], zone: str, comma: bool = False) -> Settler:
        self._zone_said = zone if zone and not self._mapping.zone else ""
        tz = ZoneInfo(self._zone_said) if self._zone_said else self._mapping.tz
        self._settler = Settler(
            self._said,
            self.names,
            form,
            Clock(tz),
            pairs,
            self._order,
            self._today,
            comma,
            self._mapping.max_accuracy_m,
        )
        return self._settler

    def _csv(self, stream: Stream) -> CsvFile:
        layout = layout_of(stream.head, stream.name, self._mapping, self._needed())
        self.columns = {c: layout.headers[i].strip() for c, i in layout.columns.items()}
        settler = self._settle(layout.form, layout.pairs, layout.zone, layout.decimal_comma and layout.delimiter != ",")
        self._inner = CsvFile(stream, layout, settler)
        return self._inner  # type: ignore[no-any-return]

    def _gpx(self, stream: Stream) -> gpx.GpxFile:
        unsaid = [what for what in ("provider", "team") if what in self._needs and not getattr(self._said, what)]
        if unsaid:
            say = " and ".join(f"--{what}" for what in unsaid)
            raise LoadRefused(f"{stream.name} is a GPX and has no {' and no '.join(unsaid)}. Say it with {say}.")
        form = times.TimeForm(times.ISO_ZONED, unit=self._mapping.time_unit)
        settler = self._settle(form, [Pair("longitude", "latitude")], "")
        device = self._said.device or stream.name.removesuffix(".gz").removesuffix(".gpx")
        self._inner = gpx.GpxFile(stream, device[:60], settler)
        return self._inner  # type: ignore[no-any-return]

    def _parquet(self, stream: Stream) -> Iterable[ReadBatch]:
        whole = stream.path or io.BytesIO(stream.all(_MOST_AT_ONCE))
        file = parquet.ParquetFile(stream.name, whole, self._mapping, self._needed(), self._most_rows)
        self.columns = file.columns
        self._inner = file
        return file.batches(self._settle(file.form, file.pairs, file.zone))

    def _needed(self) -> tuple[str, ...]:
        return tuple(n for n in ("device", "time", *self._needs) if n != "device" or not self._said.device)


def each_batch(
    source: str | Path | SourceFile,
    mapping: Mapping | None = None,
    *,
    provider: str = "",
    team: str = "",
    today: date | None = None,
    providers: Known[str, str] | None = None,
    needs: tuple[str, ...] = (),
    remembered: int | None = REMEMBERED,
    most_rows: int | None = None,
    watch: bool = True,
) -> PingFile:
    """Open a file of positions (CSV, GPX, Parquet, any of them gzip); LoadRefused when it cannot be used as a whole.

    Iterating may still raise LoadRefused: a file that is cut off shows that at its end. Rows are accounted for batch
    by batch. ``providers``: code -> name of those known (None: any). ``needs``: of ``provider`` and ``team`` what must be
    said. ``remembered``: pings in which repeats are looked for (None: all). ``watch`` False: repeats stay in, for who
    finds them anyway, and nothing odd is counted.
    """
    mapping = mapping or Mapping()
    mapping = replace(mapping, provider=provider or mapping.provider, team=team or mapping.team)
    if not isinstance(source, SourceFile):
        source = Path(source)
    return PingFile(
        source,
        mapping,
        today=today or datetime.now(LONDON).date(),
        providers=providers,
        needs=needs,
        remembered=remembered,
        most_rows=most_rows,
        watch=watch,
    )
