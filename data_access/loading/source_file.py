"""A file as it came: its bytes, its identity, its text; refused when it is empty, cut off or not text."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data_access.loading.result import LoadRefused, NoTable
from settings import max_load_bytes

MAX_RATIO = 200  # text packs to a tenth, repeated rows to a hundredth; beyond this it is a mistake or an attack
SMALL = 1 << 20  # whose ratio does not matter
_STEP = 1 << 16  # packed bytes unpacked at a time
_GZIP = b"\x1f\x8b"
_MAGIC = {
    b"PK\x03\x04": "an Excel workbook or a zip archive",
    b"\xd0\xcf\x11\xe0": "an old Excel or Word file",
    b"SQLite format 3": "a database",
}
_TO_LOOK_AT = {
    b"%PDF": "a PDF",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
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
        with path.open("rb") as handle:
            # A pipe has no size.
            packed = handle.read(min(max_load_bytes(), os.fstat(handle.fileno()).st_size or max_load_bytes()) + 1)
    except FileNotFoundError:
        raise LoadRefused(f"There is no file “{path}”. Check the name and the folder.") from None
    except OSError as error:
        raise LoadRefused(f"{path.name} cannot be read: {error.strerror}.") from None
    if not packed:
        raise LoadRefused(f"{path.name} is empty (0 bytes). Export or download it again.")
    if len(packed) > max_load_bytes():
        raise LoadRefused(f"{path.name} is larger than {_most()}.")
    data = _unpacked(path.name, packed) if packed.startswith(_GZIP) else packed
    if path.suffix == ".gz" and data is packed:
        raise LoadRefused(f"{path.name} ends in .gz but is not gzip. Download it again.")
    if not data.strip():
        raise LoadRefused(f"{path.name} holds nothing but blank space. Export or download it again.")
    return SourceFile(path.name[:255], data, hashlib.sha256(data).hexdigest())


def _most() -> str:
    return (
        f"{max_load_bytes() >> 20:,} MB. Split it by month, or raise MAX_LOAD_MB on a computer with the memory for it"
    )


def check_unpacked_size(name: str, packed: int, unpacked: int) -> None:
    """LoadRefused when so many bytes, unpacked from so many, are too many."""
    if unpacked > max_load_bytes():
        raise LoadRefused(f"{name} unpacks to more than {_most()}.")
    if unpacked > max(SMALL, packed * MAX_RATIO):
        raise LoadRefused(
            f"{name} unpacks to more than {MAX_RATIO} times its size, which no extract does. Make it again; if its "
            "rows really are that much alike, load it unpacked."
        )


def _unpacked(name: str, packed: bytes) -> bytes:
    """Unpack step by step, so that no more than the limit is ever held."""
    most = min(max_load_bytes(), max(SMALL, len(packed) * MAX_RATIO))
    out, member, inside = io.BytesIO(), zlib.decompressobj(wbits=31), False
    try:
        for at in range(0, len(packed), _STEP):
            rest = packed[at : at + _STEP]
            # A gzip file may hold several members, and zeros after them.
            while rest := rest if inside else rest.lstrip(b"\0"):
                inside = True
                out.write(member.decompress(rest, most + 1 - out.tell()))
                check_unpacked_size(name, len(packed), out.tell())
                rest = b""
                if member.eof:
                    rest = member.unused_data
                    member, inside = zlib.decompressobj(wbits=31), False
    except zlib.error:
        raise LoadRefused(f"{name} is damaged: it starts as gzip but cannot be unpacked. Download it again.") from None
    if inside:
        raise LoadRefused(f"{name} is cut off: the gzip ends after {out.tell():,} bytes of content. Download it again.")
    return out.getvalue()


def refuse_pictures(file: SourceFile) -> None:
    """NoTable for what is made to be looked at."""
    looks = next((what for magic, what in _TO_LOOK_AT.items() if file.data.startswith(magic)), None)
    if looks:
        raise NoTable(f"{file.name} is {looks}, and no data can be read from it. Choose the file that holds the data.")


def refuse_binary(file: SourceFile) -> None:
    """LoadRefused when the content is not text, saying what it looks like where that is known."""
    refuse_pictures(file)
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
