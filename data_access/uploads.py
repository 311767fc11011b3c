"""Files that somebody has sent but not yet loaded: each in a folder of its own, for its owner's eyes, for a day."""

from __future__ import annotations

import json
import re
import secrets
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

from domain.roles import Permission
from domain.scope import OutOfScope, Scope
from settings import load_settings

KEPT_FOR = timedelta(hours=24)
MOST_WAITING = 10  # of one person
_TOKEN = re.compile(r"^[A-Za-z0-9_-]{22}$")
_ABOUT = "about.json"


class NoSuchUpload(LookupError):
    """There is no such file waiting for this person: loaded, discarded, expired or somebody else's."""


@dataclass(frozen=True)
class Upload:
    token: str
    path: Path
    kind: str
    programme: str
    owner: str
    sent_at: datetime


def _folder() -> Path:
    folder = load_settings().data_dir / "uploads"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def safe_name(name: str) -> str:
    """The file's own name without folders and without what a file system or a header might trip over."""
    plain = re.sub(r"[^\w.()\[\] +-]", "_", Path(name.replace("\\", "/")).name).strip(" .")
    return plain[-120:] or "file"


def keep(scope: Scope, code: str, kind: str, name: str, content: IO[bytes]) -> Upload:
    """Put a sent file aside; the oldest of the person's waiting files go when there are too many."""
    scope.require(Permission.LOAD_DATA)
    scope.require_programme(code)
    _remove_old()
    mine = sorted((u for u in _all() if u.owner == scope.actor), key=lambda u: u.sent_at)
    for upload in mine[: max(0, len(mine) - MOST_WAITING + 1)]:
        shutil.rmtree(upload.path.parents[1], ignore_errors=True)
    token = secrets.token_urlsafe(16)
    folder = _folder() / token
    path = folder / "file" / safe_name(name)  # a folder of its own: a file may be called about.json
    path.parent.mkdir(mode=0o700, parents=True)
    with path.open("wb") as out:
        shutil.copyfileobj(content, out, 1 << 20)
    now = datetime.now(UTC)
    about = {"file": path.name, "kind": kind, "programme": code, "owner": scope.actor, "sent_at": now.isoformat()}
    (folder / _ABOUT).write_text(json.dumps(about))
    return Upload(token, path, kind, code, scope.actor, now)


def find(scope: Scope, token: str) -> Upload:
    """The person's own waiting file; NoSuchUpload for anything else, without saying which."""
    scope.require(Permission.LOAD_DATA)
    found = _read(_folder() / token) if _TOKEN.match(token) else None
    if found is None or found.owner != scope.actor or not scope.sees(found.programme):
        raise NoSuchUpload("This file is no longer waiting: it was loaded, discarded, or sent more than a day ago.")
    return found


def discard(scope: Scope, token: str) -> None:
    shutil.rmtree(find(scope, token).path.parents[1], ignore_errors=True)


def waiting(scope: Scope, code: str) -> list[Upload]:
    """The person's files of one programme, newest first."""
    if not scope.may(Permission.LOAD_DATA) or not scope.sees(code):
        raise OutOfScope("Your account cannot load data to this programme.")
    mine = [u for u in _all() if u.owner == scope.actor and u.programme == code]
    return sorted(mine, key=lambda u: u.sent_at, reverse=True)


def _read(folder: Path) -> Upload | None:
    try:
        about = json.loads((folder / _ABOUT).read_text())
        path, sent = folder / "file" / about["file"], datetime.fromisoformat(about["sent_at"])
        return (
            Upload(folder.name, path, about["kind"], about["programme"], about["owner"], sent)
            if path.exists()
            else None
        )
    except (OSError, ValueError, KeyError):
        return None


def _all() -> list[Upload]:
    return [u for folder in _folder().iterdir() if folder.is_dir() and (u := _read(folder)) is not None]


def _remove_old() -> None:
    """What has waited too long, and what an interrupted sending left behind."""
    oldest = datetime.now(UTC) - KEPT_FOR
    for folder in _folder().iterdir():
        found = _read(folder)
        since = found.sent_at if found else datetime.fromtimestamp(folder.stat().st_mtime, UTC)
        if since < oldest:
            shutil.rmtree(folder, ignore_errors=True)
