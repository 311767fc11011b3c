"""One PostgreSQL server for every test of this folder that asks for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import postgresql as throw_away


@pytest.fixture(scope="session")
def postgresql() -> Iterator[throw_away.Server]:
    with throw_away.running() as server:
        yield server
