"""Files that somebody has sent but not yet loaded: each in a folder of its own, for its owner's eyes, for a day."""

from __future__ import annotations

import json
import logging
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any

from sqlalchemy.exc import SQLAlchemyError

from data_access import audit
from data_access.upload_locks import Taken, lock, lock_folder, of_person, of_portal
from domain.roles import Permission
from domain.scope import OutOfScope, Scope
from settings import load_settings

KEPT_FOR = timedelta(hours=24)
MOST_WAITING = 10  # of one person
MOST_BYTES = 500 << 20  # of one person
FREE_AT_LEAST = 1 << 30  # bytes of disk: the database and its journal need them more
AT_ONCE = 2  # files read in the portal at the same time; each may take a few hundred MB of memory
MOST_NAME = 200  # bytes; file systems take 255, and shorter names leave room for what tools append
_TOKEN = re.compile(r"^[A-Za-z0-9_-]{22}$")
_ABOUT = "about.json"
_AGED, _BY_OWNER, _FOR_ROOM = "waited for a day", "by its owner", "made room for a newer file"


class NoSuchUpload(LookupError):
    """There is no such file waiting for this person: loaded, discarded, expired or somebody else's."""


class UploadRefused(ValueError):
    """A file cannot be kept just now: why, and what to do."""


class Busy(RuntimeError):
    """Not now: the person or the portal has its hands full with another file."""


class BeingLoaded(Busy):
    """This very file is being loaded, by another click perhaps."""


@dataclass(frozen=True)
class Upload:
    token: str
    path: Path
    kind: str
    programme: str
    owner: str
    sent_at: datetime

    @property
    def folder(self) -> Path:
        return self.path.parents[1]

    @property
    def size(self) -> int:
        return self.path.stat().st_size if self.path.exists() else 0


def _folder() -> Path:
    folder = load_settings().data_dir / "uploads"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def safe_name(name: str) -> str:
    """The file's own name without folders and without what a file system or a header might trip over."""
    plain = re.sub(r"[^\w.()\[\] +-]", "_", Path(name.replace("\\", "/")).name).strip(" .")
    if len(plain.encode()) <= MOST_NAME:
        return plain or "file"
    suffix = "".join(Path(plain).suffixes[-2:])  # .csv.gz: by its end it is known to be packed
    suffix = suffix if len(suffix.encode()) <= 20 else ""
    stem = plain.removesuffix(suffix).encode()[: MOST_NAME - len(suffix.encode())].decode(errors="ignore")
    return stem.strip(" .") + suffix


def keep(scope: Scope, code: str, kind: str, name: str, content: IO[bytes]) -> tuple[Upload, list[str]]:
    """Put a sent file aside; also the names of the person's oldest waiting files that had to go for it.

    UploadRefused where there is no room for it.
    """
    scope.require(Permission.LOAD_DATA)
    scope.require_programme(code)
    remove_old()
    size = content.seek(0, os.SEEK_END)
    content.seek(0)
    if shutil.disk_usage(_folder()).free - size < FREE_AT_LEAST:
        raise UploadRefused(
            f"The portal's disk has less than {FREE_AT_LEAST >> 30} GB left, so the file was not kept. Tell whoever runs "
            "the portal, and send it again when there is room."
        )
    with lock(of_person(_folder(), scope.actor, "sending"), wait=True):  # or two sent at once would both find room
        upload = _written(scope, code, kind, safe_name(name), content)
        return upload, _make_room(scope, upload)


def _written(scope: Scope, code: str, kind: str, name: str, content: IO[bytes]) -> Upload:
    token = secrets.token_urlsafe(16)
    folder = _folder() / token
    path = folder / "file" / name  # a folder of its own: a file may be called about.json
    upload = Upload(token, path, kind, code, scope.actor, datetime.now(UTC))
    try:
        path.parent.mkdir(mode=0o700, parents=True)
        with path.open("wb") as out:
            shutil.copyfileobj(content, out, 1 << 20)
        _record(upload, "file sent")
        about = {"file": name, "kind": kind, "programme": code, "owner": scope.actor}
        # Written last: a file without it is nobody's yet.
        (folder / _ABOUT).write_text(json.dumps(about | {"sent_at": upload.sent_at.isoformat()}))
    except OSError as problem:
        shutil.rmtree(folder, ignore_errors=True)
        raise UploadRefused(
            f"The file could not be kept ({problem.strerror}). Send it again, or tell whoever runs the portal."
        ) from None
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return upload


def _make_room(scope: Scope, newest: Upload) -> list[str]:
    """Discard the person's oldest files until number and bytes are within bounds; their names."""
    mine = sorted((u for u in _all() if u.owner == scope.actor and u.token != newest.token), key=lambda u: u.sent_at)
    gone: list[str] = []
    while mine and (len(mine) >= MOST_WAITING or sum(u.size for u in mine) + newest.size > MOST_BYTES):
        oldest = mine.pop(0)
        if _discarded(oldest, _FOR_ROOM, scope.actor):
            gone.append(oldest.path.name)
    return gone


def find(scope: Scope, token: str) -> Upload:
    """The person's own waiting file; NoSuchUpload for anything else, without saying which."""
    scope.require(Permission.LOAD_DATA)
    found = _read(_folder() / token) if _TOKEN.match(token) else None
    if found is None or found.owner != scope.actor or not scope.sees(found.programme):
        raise NoSuchUpload("This file is no longer waiting: it was loaded, discarded, or sent more than a day ago.")
    return found


@contextmanager
def claimed(scope: Scope, token: str) -> Iterator[Upload]:
    """The file for who loads or discards it, so that nobody else does meanwhile; BeingLoaded where somebody does."""
    with ExitStack() as held:
        try:
            held.enter_context(lock_folder(find(scope, token).folder))
        except Taken:
            raise BeingLoaded("This file is being loaded.") from None
        except FileNotFoundError:  # gone since it was found: the line below says so
            pass
        yield find(scope, token)  # it may have gone while the lock was taken


def being_loaded(upload: Upload) -> bool:
    try:
        with lock_folder(upload.folder):
            return False
    except Taken:
        return True
    except FileNotFoundError:
        return False


@contextmanager
def turn(scope: Scope) -> Iterator[None]:
    """Read one file at a time, and with others AT_ONCE; Busy where that many are being read."""
    with ExitStack() as held:
        try:
            held.enter_context(lock(of_person(_folder(), scope.actor, "reading")))
            _any_of(held, of_portal(_folder(), AT_ONCE))
        except Taken:
            raise Busy("The portal is busy with another file; look again in a moment.") from None
        yield


def _any_of(held: ExitStack, paths: list[Path]) -> None:
    for path in paths:
        with suppress(Taken):
            held.enter_context(lock(path))
            return
    raise Taken


def discard(scope: Scope, token: str) -> Upload:
    """Remove a file that its owner does not want loaded; what it was."""
    with claimed(scope, token) as upload:
        _record(upload, "file discarded", because=_BY_OWNER)
        shutil.rmtree(upload.folder, ignore_errors=True)
        return upload


def remove_loaded(upload: Upload) -> None:
    """What has been loaded need not wait any longer. Whatever is in the way goes with the day's end."""
    shutil.rmtree(upload.folder, ignore_errors=True)


def waiting(scope: Scope, code: str) -> list[Upload]:
    """The person's files of one programme, newest first."""
    if not scope.may(Permission.LOAD_DATA) or not scope.sees(code):
        raise OutOfScope("Your account cannot load data to this programme.")
    remove_old()
    mine = [u for u in _all() if u.owner == scope.actor and u.programme == code]
    return sorted(mine, key=lambda u: u.sent_at, reverse=True)


def _record(upload: Upload, event: str, actor: str = "", **more: str) -> None:
    detail: dict[str, Any] = {"kind": upload.kind, "file_name": upload.path.name, "size_bytes": upload.size, **more}
    audit.note(actor=actor or upload.owner, event=event, detail=detail, programme_code=upload.programme)


def _about(folder: Path) -> Upload | None:
    """Whatever lies there, however old."""
    try:
        about = json.loads((folder / _ABOUT).read_text())
        path, sent = folder / "file" / about["file"], datetime.fromisoformat(about["sent_at"])
        return Upload(folder.name, path, about["kind"], about["programme"], about["owner"], sent)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _read(folder: Path) -> Upload | None:
    found = _about(folder)
    return found if found and found.path.exists() and not _is_old(found.sent_at) else None


def _is_old(since: datetime) -> bool:
    return datetime.now(UTC) - since >= KEPT_FOR


def _folders() -> list[Path]:
    return [path for path in _folder().iterdir() if _TOKEN.match(path.name)]


def _all() -> list[Upload]:
    return [found for folder in _folders() if (found := _read(folder)) is not None]


def remove_old() -> int:
    """Remove what has waited for a day, and what an interrupted sending left behind; how many."""
    gone = 0
    for folder in _folders():
        found = _about(folder)
        with suppress(FileNotFoundError):  # another process was quicker
            since = found.sent_at if found else datetime.fromtimestamp(folder.stat().st_mtime, UTC)
            if _is_old(since):
                gone += _discarded(found, _AGED, "retention rule") if found else _swept(folder)
    return gone


def _swept(folder: Path) -> bool:
    shutil.rmtree(folder, ignore_errors=True)
    return not folder.exists()


def _discarded(upload: Upload, because: str, actor: str) -> bool:
    """Remove a file unless it is being loaded; one time only, whoever else tries."""
    try:
        with lock_folder(upload.folder):
            if not upload.folder.exists():
                return False
            try:
                _record(upload, "file discarded", actor, because=because)
            except SQLAlchemyError:  # what must not stay any longer does not stay because the log is away
                logging.getLogger(__name__).exception("The removal of a sent file could not be recorded.")
            return _swept(upload.folder)
    except (Taken, FileNotFoundError):
        return False
