"""A programme with two providers and three hot spots in a real database, with its ping store beside it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.data_access.loading.conftest import HOT_SPOTS, PROGRAMME, Door
from tests.factories import new_database


@pytest.fixture
def door(tmp_path) -> Iterator[Door]:
    engine = new_database(tmp_path / "portal.sqlite3")
    made = Door(engine, tmp_path)
    made.load("programme", PROGRAMME, "programme.toml")
    made.load("hot-spots", HOT_SPOTS, "spots.geojson")
    yield made
    engine.dispose()
