"""The bytes of a file of positions, as a stream: from disk or from memory, unpacked where they are gzip."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

from data_access.loading.result import LoadRefused
from data_access.loading.source_file import SourceFile

HEAD = 1 << 16
_GZIP = b"\x1f\x8b"


class Stream:
    """Reads on from ``head``; a cut or damaged gzip refuses the file."""

    def __init__(self, name: str, handle: BinaryIO, path: Path | None = None, on_disk: BinaryIO | None = None) -> None:
        self.name = name
        self._on_disk = on_disk
        self.path = path  # where the very bytes lie, for who must jump about in them
        self._handle = handle
        self.head = b""
        while len(self.head) < HEAD and (more := self._read(HEAD - len(self.head))):
            self.head += more
        self._at = 0
        if not self.head.strip():
            what = "is empty (0 bytes)" if not self.head else "holds nothing but blank space"
            raise LoadRefused(f"{name} {what}. Export or download it again.")

    @property
    def taken(self) -> int:
        """Bytes of the file on disk that have been read so far, packed as they lie there."""
        return self._on_disk.tell() if self._on_disk and not self._on_disk.closed else 0

    def read(self, size: int) -> bytes:
        if self._at < len(self.head):
            part = self.head[self._at : self._at + size]
            self._at += len(part)
            return part
        return self._read(size)

    def readinto(self, space: memoryview) -> int:
        """Fill as much of ``space`` as there is; less only at the end."""
        filled = 0
        while filled < len(space):
            if self._at < len(self.head):
                part = self.read(len(space) - filled)
                space[filled : filled + len(part)] = part
                got = len(part)
            else:
                got = self._said_plainly(lambda at: self._handle.readinto(space[at:]), filled)  # type: ignore[attr-defined]
            if not got:
                break
            filled += got
        return filled

    def all(self, most: int) -> bytes:
        """Everything, for what cannot be read as a stream; LoadRefused over ``most`` bytes."""
        data = self.head + self._read(most + 1 - len(self.head))
        if len(data) > most:
            raise LoadRefused(f"{self.name} unpacks to more than {most >> 20:,} MB. Unpack it first, and load that.")
        return data

    def _read(self, size: int) -> bytes:
        out = io.BytesIO()
        while out.tell() < size and (more := self._said_plainly(self._handle.read, size - out.tell())):
            out.write(more)
        return out.getvalue()

    def _said_plainly(self, read: Callable[[int], Any], size: int) -> Any:
        try:
            return read(size)
        except EOFError:
            raise LoadRefused(f"{self.name} is cut off: the gzip ends too early. Download it again.") from None
        except (gzip.BadGzipFile, zlib.error):
            raise LoadRefused(
                f"{self.name} is damaged: it starts as gzip but cannot be unpacked. Download it again."
            ) from None
        except OSError as error:
            raise LoadRefused(f"{self.name} cannot be read: {error.strerror or error}.") from None


@contextmanager
def open_stream(source: Path | SourceFile) -> Iterator[Stream]:
    """The content of a path or of a file held in memory; LoadRefused when it is not there or empty."""
    if isinstance(source, SourceFile):
        yield Stream(source.name, io.BytesIO(source.data))
        return
    try:
        handle = source.open("rb", buffering=0)
    except FileNotFoundError:
        raise LoadRefused(f"There is no file “{source}”. Check the name and the folder.") from None
    except OSError as error:
        raise LoadRefused(f"{source.name} cannot be read: {error.strerror}.") from None
    with handle:
        packed = io.BufferedReader(handle, 1 << 17)
        try:
            is_packed = packed.peek(2)[:2] == _GZIP
        except OSError as error:
            raise LoadRefused(f"{source.name} cannot be read: {error.strerror}.") from None
        if source.suffix == ".gz" and not is_packed and packed.peek(1):
            raise LoadRefused(f"{source.name} ends in .gz but is not gzip. Download it again.")
        plain = gzip.GzipFile(fileobj=packed) if is_packed else packed
        yield Stream(source.name, cast(BinaryIO, plain), None if is_packed else source, cast(BinaryIO, handle))
