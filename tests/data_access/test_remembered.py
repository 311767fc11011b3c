"""One look at the data: the same question is read once within it, nobody changes another's answer, and nothing outlives it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier
from typing import Any

import pandas as pd
import pytest

from data_access.areas import hot_spots
from data_access.crimes import crime_table
from data_access.engine import make_engine
from data_access.programmes import data_as_at, get_programme
from data_access.remembered import once, one_look, remembered
from data_access.schema import metadata
from domain.filters import Filters
from domain.periods import Period
from domain.roles import Role
from domain.scope import OutOfScope, scope_for, server_scope
from tests.factories import Maker

MARY = scope_for("mary@example.org", Role.MANAGER, frozenset({"TEST"}))
FUNDER = scope_for("fiona@example.org", Role.FUNDER, frozenset({"TEST"}))
STRANGER = scope_for("sid@example.org", Role.MANAGER, frozenset({"OTHER"}))
YEAR = Period(date(2023, 1, 1), date(2023, 12, 31))
ALL, ONE = Filters("TEST", YEAR), Filters("TEST", YEAR, ("HS1",))


class Shelf:
    """Something that is read: how often, and what it holds may change."""

    def __init__(self, held: Any = "first") -> None:
        self.held, self.reads = held, 0

    def read(self) -> Any:
        self.reads += 1
        return self.held


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


def test_within_a_look_a_question_is_read_once_and_outside_every_time(shelf: Shelf) -> None:
    with one_look():
        assert once("key", shelf.read) == "first"
        shelf.held = "second"
        assert once("key", shelf.read) == "first"
        assert once("another key", shelf.read) == "second"
    assert shelf.reads == 2
    for held in ("third", "fourth"):
        shelf.held = held
        assert once("key", shelf.read) == held
    assert shelf.reads == 4
    with one_look():
        assert once("key", shelf.read) == "fourth", "nothing of an earlier look"


def test_a_look_that_breaks_is_over_too(shelf: Shelf) -> None:
    def broken() -> None:
        with one_look():
            once("key", shelf.read)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken()
    shelf.held = "second"
    assert once("key", shelf.read) == "second"


def test_a_question_that_could_not_be_answered_is_asked_again(shelf: Shelf) -> None:
    with one_look():
        with pytest.raises(ZeroDivisionError):
            once("key", lambda: 1 / 0)
        assert once("key", shelf.read) == "first"


def test_nothing_is_an_answer_that_is_remembered_as_well() -> None:
    empty = Shelf(None)
    with one_look():
        assert [once("key", empty.read) for _ in range(2)] == [None, None]
    assert empty.reads == 1


def test_a_look_inside_a_look_sees_what_has_changed_and_leaves_the_outer_as_it_was(shelf: Shelf) -> None:
    with one_look():
        once("key", shelf.read)
        shelf.held = "second"
        with one_look():
            assert once("key", shelf.read) == "second"
        assert once("key", shelf.read) == "first"


def _spoil_frame(found: pd.DataFrame) -> None:
    found["more"] = 1
    found.loc[0, "crimes"] = 99
    found.attrs["note"] = "changed"


CHANGES: list[tuple[Callable[[], Any], Callable[[Any], None]]] = [
    (lambda: pd.DataFrame({"crimes": [1, 2]}), _spoil_frame),
    (lambda: [1, 2], lambda found: found.append(3)),
    (lambda: {"crimes": 1}, lambda found: found.update(crimes=99)),
]


@pytest.mark.parametrize(("make", "spoil"), CHANGES, ids=["frame", "list", "dict"])
def test_what_is_handed_out_can_be_changed_without_changing_anybody_elses(
    make: Callable[[], Any], spoil: Callable[[Any], None]
) -> None:
    def same(found: Any) -> None:
        if isinstance(found, pd.DataFrame):
            pd.testing.assert_frame_equal(found, make())
            assert found.attrs == {}
        else:
            assert found == make()

    with one_look():
        first = once("key", make)
        spoil(first)
        second = once("key", make)
        same(second)
        spoil(second)
        same(once("key", make))


def test_arguments_by_place_and_by_name_are_part_of_the_question(shelf: Shelf) -> None:
    @remembered
    def ask(place: str, *, hour: int = 0) -> tuple[str, int, Any]:
        """What ask asks."""
        return place, hour, shelf.read()

    assert (ask.__name__, ask.__doc__) == ("ask", "What ask asks.")
    with one_look():
        assert [ask("A"), ask("B"), ask("A", hour=1), ask("A")][:3] == [
            ("A", 0, "first"),
            ("B", 0, "first"),
            ("A", 1, "first"),
        ]
    assert shelf.reads == 3


def test_two_questions_of_the_same_arguments_are_two() -> None:
    one, other = remembered(lambda code: f"one {code}"), remembered(lambda code: f"other {code}")
    with one_look():
        assert (one("TEST"), other("TEST")) == ("one TEST", "other TEST")


def test_two_threads_do_not_share_a_look() -> None:
    """Both are within their looks at the same time, and each is answered from its own."""
    together = Barrier(2)

    def look(mine: str) -> tuple[str, str]:
        with one_look():
            first = once("key", lambda: mine)
            together.wait(10)
            again = once("key", lambda: "not mine")
            together.wait(10)
        return first, again

    with one_look():
        once("key", lambda: "the caller's")
        with ThreadPoolExecutor(2) as pool:
            assert list(pool.map(look, ("A", "B"))) == [("A", "A"), ("B", "B")]


def test_a_thread_that_a_look_starts_remembers_nothing(shelf: Shelf) -> None:
    with one_look(), ThreadPoolExecutor(1) as pool:
        once("key", lambda: "the caller's")
        assert [pool.submit(once, "key", shelf.read).result() for _ in range(2)] == ["first", "first"]
    assert shelf.reads == 2


# --- the query functions ----------------------------------------------------------------------------------


@pytest.fixture
def made(tmp_path, monkeypatch):
    """A programme of two hot spots with crimes, and a way to record one more."""
    url = f"sqlite:///{tmp_path / 'test.sqlite3'}"
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    engine = make_engine(url)
    metadata.create_all(engine)

    def crime() -> None:
        with engine.begin() as maker.conn:
            maker.crimes([{"day": date(2023, 6, 1), "spot": "HS2"}], period=(date(2023, 12, 1), date(2023, 12, 31)))

    with engine.begin() as conn:
        maker = Maker(conn)
        maker.areas()
        spots = ("HS1",) * 6 + ("HS2",)
        maker.crimes([{"day": date(2023, 6, 5), "spot": spot} for spot in spots])
        Maker(conn, code="OTHER", name="Elsewhere")
    yield crime
    engine.dispose()


def crimes(scope: Any, filters: Filters = ALL) -> float:
    return float(crime_table(scope, filters, ())["crimes"].iloc[0])


def test_a_figure_stays_what_it_was_within_a_look_and_moves_after(made: Callable[[], None]) -> None:
    with one_look():
        assert crimes(MARY) == 7
        before = data_as_at(MARY, "TEST")
        made()
        assert crimes(MARY) == 7
        assert data_as_at(MARY, "TEST") == before
        with one_look():
            assert crimes(MARY) == 8
    assert crimes(MARY) == 8
    assert data_as_at(MARY, "TEST") != before


def test_another_filter_is_another_answer(made: Callable[[], None]) -> None:
    with one_look():
        assert (crimes(MARY), crimes(MARY, ONE), crimes(MARY)) == (7, 6, 7)
        assert len(crime_table(MARY, ALL, ("hot_spot",))) == len(hot_spots(MARY, "TEST"))


def test_another_scope_is_checked_although_anothers_answer_is_remembered(made: Callable[[], None]) -> None:
    with one_look():
        assert crimes(MARY) == crimes(server_scope()) == 7
        get_programme(MARY, "TEST")
        data_as_at(MARY, "TEST")
        for ask in (crimes, lambda scope: get_programme(scope, "TEST"), lambda scope: data_as_at(scope, "TEST")):
            with pytest.raises(OutOfScope):
                ask(STRANGER)


def test_a_funder_gets_no_small_count_that_a_manager_has_looked_at(made: Callable[[], None]) -> None:
    def by_spot(scope: Any) -> list[Any]:
        return crime_table(scope, ALL, ("hot_spot",)).set_index("hot_spot")["crimes"].tolist()

    alone = by_spot(FUNDER)
    with one_look():
        seen = by_spot(MARY)
        within = by_spot(FUNDER)
        assert by_spot(MARY) == seen
    assert seen[:2] == [6, 1]
    assert pd.isna(within[1])
    assert pd.Series(within).equals(pd.Series(alone))
