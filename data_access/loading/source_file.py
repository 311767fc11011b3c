"""A file as it came: its bytes, its identity, its text; refused when it is empty, cut off or not text."""

from __future__ import annotations

import hashlib
import io
import json
import re
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data_access.loading.result import LoadRefused

MAX_BYTES = 1 << 30  # a month of one force is 3 MB; a gzip that unpacks past this is a mistake or an attack
_GZIP = b"\x1f\x8b"
_MAGIC = {
    b"PK\x03\x04": "an Excel workbook or a zip archive",
    b"\xd0\xcf\x11\xe0": "an old Excel or Word file",
    b"%PDF": "a PDF",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"SQLite format 3": "a database",
}
_UNKEEPABLE = re.compile("[\0\ud800-\udfff]")
_TEXT_CONTROLS = frozenset(b"\t\n\r\x0b\x0c\x1a")


@dataclass(frozen=True)
class SourceFile:
    """Content after unpacking; ``sha256`` is of that content, so a packed copy is the same file."""

    name: str
    data: bytes
    sha256: str

    @property
    def is_workbook(self) -> bool:
        return self.data.startswith(b"PK\x03\x04")

    def text(self) -> str:
        """UTF-8 (with or without byte order mark), else Windows-1252; anything else is refused."""
        refuse_binary(self)
        try:
            return self.data.decode("utf-8-sig")
        except UnicodeDecodeError:
            pass
        try:
            return self.data.decode("cp1252")
        except UnicodeDecodeError as error:
            raise LoadRefused(
                f"{self.name} is not text: byte {error.start + 1:,} belongs to neither UTF-8 nor Windows-1252. "
                "Save it as CSV UTF-8 and load that."
            ) from None


def open_source(path: str | Path) -> SourceFile:
    """Read and unpack a file; LoadRefused when it is missing, empty, cut off or too large."""
    path = Path(path)
    try:
        packed = path.read_bytes()
    except FileNotFoundError:
        raise LoadRefused(f"There is no file “{path}”. Check the name and the folder.") from None
    except OSError as error:
        raise LoadRefused(f"{path.name} cannot be read: {error.strerror}.") from None
    if not packed:
        raise LoadRefused(f"{path.name} is empty (0 bytes). Export or download it again.")
    data = _unpacked(path.name, packed) if packed.startswith(_GZIP) else packed
    if path.suffix == ".gz" and data is packed:
        raise LoadRefused(f"{path.name} ends in .gz but is not gzip. Download it again.")
    if len(data) > MAX_BYTES:
        raise LoadRefused(f"{path.name} is larger than {MAX_BYTES >> 20:,} MB. Split it by month.")
    if not data.strip():
        raise LoadRefused(f"{path.name} holds nothing but blank space. Export or download it again.")
    return SourceFile(path.name[:255], data, hashlib.sha256(data).hexdigest())


def _unpacked(name: str, packed: bytes) -> bytes:
    out, rest = io.BytesIO(), packed
    try:
        while rest:  # a gzip file may hold several members
            member = zlib.decompressobj(wbits=31)
            out.write(member.decompress(rest, MAX_BYTES + 1 - out.tell()))
            if out.tell() > MAX_BYTES:
                raise LoadRefused(f"{name} unpacks to more than {MAX_BYTES >> 20:,} MB. Split it by month.")
            if not member.eof:
                raise LoadRefused(
                    f"{name} is cut off: the gzip ends after {out.tell():,} bytes of content. Download it again."
                )
            rest = member.unused_data.lstrip(b"\0")
    except zlib.error:
        raise LoadRefused(f"{name} is damaged: it starts as gzip but cannot be unpacked. Download it again.") from None
    return out.getvalue()


def refuse_binary(file: SourceFile) -> None:
    """LoadRefused when the content is not text, saying what it looks like where that is known."""
    looks = next((what for magic, what in _MAGIC.items() if file.data.startswith(magic)), None)
    if looks:
        raise LoadRefused(f"{file.name} is {looks}, not a text file. Save the sheet as CSV UTF-8 and load that.")
    if file.data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise LoadRefused(f"{file.name} is saved as UTF-16 (“Unicode text”). Save it as CSV UTF-8 and load that.")
    at = file.data.find(b"\0")
    if at >= 0:
        raise LoadRefused(
            f"{file.name} is not a text file: byte {at + 1:,} is a NUL. Export it as CSV UTF-8 and load that."
        )
    controls = bytes(b for b in range(32) if b not in _TEXT_CONTROLS)
    found = len(file.data) - len(file.data.translate(None, controls))
    if found * 1000 > len(file.data):
        raise LoadRefused(
            f"{file.name} is not a text file: {found:,} of its bytes are control characters. "
            "Export it as CSV UTF-8 and load that."
        )


def refuse_unkeepable_text(file_name: str, document: Any) -> None:
    """LoadRefused when a parsed document holds text that no database keeps: a NUL, or half a character."""
    waiting = [document]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting += [*value.keys(), *value.values()]
        elif isinstance(value, list):
            waiting += value
        elif isinstance(value, str) and _UNKEEPABLE.search(value):
            shown = json.dumps(value)[:60]
            raise LoadRefused(f"{file_name}: the text {shown} holds a character that cannot be kept. Write it again.")
