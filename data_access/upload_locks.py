"""Whose turn it is with sent files: locks that end with their process, whatever becomes of it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path


class Taken(RuntimeError):
    """Somebody else has the lock."""


@contextmanager
def lock(path: Path, *, wait: bool = False) -> Iterator[None]:
    """Have a lock file, made where it is not there, to oneself; Taken at once unless ``wait``."""
    with _locked(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), wait):
        yield


@contextmanager
def lock_folder(path: Path) -> Iterator[None]:
    """Have a folder to oneself; Taken where somebody has it, FileNotFoundError where it has gone."""
    with _locked(os.open(path, os.O_RDONLY | os.O_DIRECTORY), False):
        yield


@contextmanager
def _locked(handle: int, wait: bool) -> Iterator[None]:
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            raise Taken from None
        try:
            yield
        finally:
            fcntl.flock(handle, fcntl.LOCK_UN)  # closing alone would leave it with a process forked meanwhile
    finally:
        os.close(handle)


def of_person(folder: Path, actor: str, what: str) -> Path:
    """The lock file of one person's ``what``; addresses may hold what no file name may."""
    return _locks(folder) / f"{what}-{sha256(actor.encode()).hexdigest()[:24]}"


def of_portal(folder: Path, most: int) -> list[Path]:
    """The lock files of as many things as may go on at once."""
    return [_locks(folder) / f"portal-{number}" for number in range(1, most + 1)]


def _locks(folder: Path) -> Path:
    locks = folder / "locks"
    locks.mkdir(mode=0o700, exist_ok=True)
    return locks
