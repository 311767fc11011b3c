"""One look at the data: within it, the same question asked again is answered from memory.

A return asks for the same monthly counts for its first page, its sections and its charts, and a page for each of its
blocks. Inside ``one_look`` each is read once, so the figures cannot differ within a document or a page either. Outside
of it nothing is remembered.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

import pandas as pd

P = ParamSpec("P")
R = TypeVar("R")
_held: ContextVar[dict[Hashable, Any] | None] = ContextVar("one_look", default=None)


@contextmanager
def one_look() -> Iterator[None]:
    """Remember answers until the block ends. A look inside another is one of its own, and sees what has changed since."""
    token = _held.set({})
    try:
        yield
    finally:
        _held.reset(token)


def remembered(query: Callable[P, R]) -> Callable[P, R]:
    """For query functions of hashable arguments; what can be changed is handed out as a copy, so nobody changes another's."""

    @wraps(query)
    def asked(*args: P.args, **kwargs: P.kwargs) -> R:
        return once((query, args, tuple(sorted(kwargs.items()))), lambda: query(*args, **kwargs))

    return asked


def once(key: Hashable, read: Callable[[], R]) -> R:
    """For what lies below the query functions, whose arguments cannot be compared: ``key`` says what ``read`` depends on."""
    held = _held.get()
    if held is None:
        return read()
    if key not in held:
        held[key] = read()
    answer = held[key]
    return cast(R, answer.copy()) if isinstance(answer, pd.DataFrame | list | dict) else cast(R, answer)
