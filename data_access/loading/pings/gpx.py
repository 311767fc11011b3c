"""GPX 1.0 and 1.1 as a stream of track points. A document type or entity refuses the file: nothing here needs one."""

from __future__ import annotations

from collections.abc import Iterator
from xml.parsers import expat

import numpy as np

from data_access.loading.pings.batches import NAME_LIMIT, ReadBatch
from data_access.loading.pings.settle import Settler, TextBlock
from data_access.loading.pings.source import Stream
from data_access.loading.result import LoadRefused

POINTS = 1 << 15  # of a block
_STEP = 1 << 16
_LONGEST_TEXT = 200
_PLACES_ONLY = ("wpt", "rtept")


def looks_like_xml(head: bytes) -> bool:
    return head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<" or head[:2] in (b"\xff\xfe", b"\xfe\xff")


class GpxFile:
    """Batches of one file; points count from 1. ``other`` counts waypoints and route points, which are passed over."""

    def __init__(self, stream: Stream, device: str, settler: Settler) -> None:
        self._stream = stream
        self._settler = settler
        self._file_device = device
        self._device = device
        self.points = self.timed = self.other = 0
        self.named: set[str] = set()
        self._waiting: list[tuple[str, str, str, str]] = []  # latitude, longitude, time, device
        self._path: list[str] = []
        self._text: list[str] | None = None
        self._point: list[str] | None = None
        self._in_track = 0  # points of the track that is being read

    def __iter__(self) -> Iterator[ReadBatch]:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        parser.CharacterDataHandler = self._characters
        parser.StartDoctypeDeclHandler = self._refuse_doctype
        parser.EntityDeclHandler = self._refuse_doctype
        try:
            while data := self._stream.read(_STEP):
                parser.Parse(data, False)
                if len(self._waiting) >= POINTS:
                    yield self._batch()
            parser.Parse(b"", True)
        except expat.ExpatError as error:
            raise LoadRefused(self._broken(error)) from None
        except LoadRefused:
            raise
        except (ValueError, LookupError):  # an encoding that Python does not know
            raise LoadRefused(
                f"{self._stream.name} is XML in an encoding that is not known. Export it as UTF-8."
            ) from None
        if self._waiting:
            yield self._batch()
        if not self.points:
            raise LoadRefused(f"{self._stream.name} is a GPX without any track point (trkpt). Nothing to load.")
        if not self.timed:
            raise LoadRefused(
                f"{self._stream.name}: none of its {self.points:,} track points has a time, so nobody can say when anyone "
                "was where. Export the track with times (not the planned route) and load again."
            )

    def _broken(self, error: expat.ExpatError) -> str:
        if "no element found" in str(error) or "unclosed token" in str(error):
            return (
                f"{self._stream.name} is cut off: its XML ends at line {error.lineno:,}. Export or download it again."
            )
        return (
            f"{self._stream.name} is not well-formed XML, line {error.lineno:,}: {expat.ErrorString(error.code)}. "
            "Export it again."
        )

    def _refuse_doctype(self, *_: object) -> None:
        raise LoadRefused(
            f"{self._stream.name} declares a document type or entities, which no tracker writes and which can be an "
            "attack. Export the track again as plain GPX."
        )

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        tag = name.rpartition(" ")[2]
        if not self._path and tag != "gpx":
            raise LoadRefused(
                f"{self._stream.name} is XML, but not GPX: it begins with <{tag[:40]}>. Positions are read from GPX, CSV "
                "and Parquet."
            )
        parent = self._path[-1] if self._path else ""
        self._path.append(tag)
        if len(self._path) > 100:
            raise LoadRefused(
                f"{self._stream.name} nests its elements over 100 deep, which no GPX does. Export it again."
            )
        if tag == "trk":
            self._device, self._in_track = self._file_device, 0
        elif tag == "trkpt":
            self._point = [attributes.get("lat", ""), attributes.get("lon", ""), ""]
        elif tag in _PLACES_ONLY:
            self.other += 1
        elif (tag == "time" and parent == "trkpt") or (tag == "name" and parent == "trk"):
            self._text = []

    def _characters(self, text: str) -> None:
        if self._text is not None and len(self._text) < _LONGEST_TEXT:
            self._text.append(text[:_LONGEST_TEXT])

    def _end(self, name: str) -> None:
        tag = self._path.pop()
        text = "".join(self._text).strip()[:_LONGEST_TEXT] if self._text is not None else ""
        if tag == "trkpt" and self._point is not None:
            self._add(self._point)
            self._point = None
        elif tag == "time" and self._point is not None and self._text is not None:
            self._point[2] = text
            self._text = None
        elif tag == "name" and self._text is not None:
            # A name after the points would split one track into two devices.
            if text and not self._in_track and not self._settler.said.device:
                self._device = text[:NAME_LIMIT]
                self.named.add(self._device)
            self._text = None

    def _add(self, point: list[str]) -> None:
        self.points += 1
        self._in_track += 1
        self.timed += bool(point[2])
        self._waiting.append((point[0], point[1], point[2], self._device))

    def _batch(self) -> ReadBatch:
        lat, lon, time, device = (list(column) for column in zip(*self._waiting, strict=True))
        first = self.points - len(self._waiting) + 1
        self._waiting = []
        cells = {"latitude": lat, "longitude": lon, "time": time, "device": device}

        def raw(row: int) -> str:
            return f'<trkpt lat="{lat[row]}" lon="{lon[row]}"><time>{time[row]}</time></trkpt>'

        return self._settler.texts(TextBlock(np.arange(first, first + len(lat)), cells, raw))
