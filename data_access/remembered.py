"""One look at the data: within it, the same question asked again is answered from memory.

A return asks for the same monthly counts for its first page, its sections and its charts. Inside ``one_look`` each is
read once, so the figures cannot differ within a document either. Outside of it nothing is remembered.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, ParamSpec, TypeVar

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
    """For query functions of hashable arguments; a frame is handed out as a copy, so nobody changes another's."""

    @wraps(query)
    def asked(*args: P.args, **kwargs: P.kwargs) -> R:
        held = _held.get()
        if held is None:
            return query(*args, **kwargs)
        key = (query, args, tuple(sorted(kwargs.items())))
        if key not in held:
            held[key] = query(*args, **kwargs)
        answer = held[key]
        return answer.copy() if isinstance(answer, pd.DataFrame) else answer

    return asked
