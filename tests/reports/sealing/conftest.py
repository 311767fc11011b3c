"""One small return, sealed step by step, shared by the tests of sealing."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from reports.sealing.keys import SealKey
from reports.sealing.seal import seal
from tests.reports.sealing.sealed_files import STEPS, key_of, made


@dataclass(frozen=True)
class Sealed:
    """``parts``: the file before any seal, then after each step."""

    key: SealKey
    parts: tuple[bytes, ...]

    @property
    def last(self) -> bytes:
        return self.parts[-1]


@pytest.fixture(scope="session")
def sealed() -> Sealed:
    key, parts = key_of("Testford portal"), [made()]
    for step in STEPS:
        parts.append(seal(parts[-1], key, step))
    return Sealed(key, tuple(parts))
