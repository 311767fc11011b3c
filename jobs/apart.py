"""Each by itself: what is wrong with one programme or one return keeps nothing from the others, and is said at the end."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from jobs.mail import one_line

log = logging.getLogger(__name__)


class SomeFailed(RuntimeError):
    """All have had their turn and some failed, as the message says; ``said`` is what there is to say of the others."""

    def __init__(self, said: list[str], failed: list[str]) -> None:
        super().__init__(" ".join(failed))
        self.said = said


class Apart:
    def __init__(self) -> None:
        self._failed: list[str] = []

    @contextmanager
    def one(self, what: str) -> Iterator[None]:
        try:
            yield
        except Exception as problem:
            log.exception("%s failed.", what)
            self._failed.append(f"{what} failed ({type(problem).__name__}: {one_line(str(problem))[:300]}).")

    def said(self, lines: list[str]) -> list[str]:
        """What was said, once all have had their turn; SomeFailed where some failed."""
        if self._failed:
            raise SomeFailed(lines, self._failed)
        return lines
