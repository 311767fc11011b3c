"""Home reminds each person of the returns that wait for them, and nobody else of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from data_access import schema
from data_access.engine import writing
from data_access.returns import narrative
from domain.roles import Role
from domain.scope import scope_for
from tests.portal import SECOND_MANAGER, Portal, Visitor, email_of, text_of


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        made = Portal(tmp_path_factory.mktemp("portal"), monkeypatch)
        with writing().begin() as conn:  # a fund that sets a due day
            table = schema.programme
            old = conn.execute(select(table.c.config).where(table.c.code == "TEST")).scalar_one()
            fund = {**old["fund"], "return_due_day": 15}
            conn.execute(table.update().where(table.c.code == "TEST").values(config={**old, "fund": fund}))
        manager = scope_for(email_of(Role.MANAGER), Role.MANAGER, frozenset({"TEST"}))
        narrative.save(manager, "TEST", "2023-10", {"highlights": "Words."}, 0)
        yield made


def _home(visitor: Visitor) -> str:
    return text_of(visitor.page("/", "?programme=TEST").get_json()["response"]["_pages_content"]["children"])


def test_the_one_who_may_check_it_is_told_and_its_author_is_not(portal: Portal) -> None:
    said = "The return of Oct 2023 waits for you to check it."
    assert said in _home(portal.signed_in(Role.MANAGER, SECOND_MANAGER))
    author = _home(portal.signed_in(Role.MANAGER))
    assert said not in author
    assert "are past their due dates and not submitted" in author


def test_funders_are_not_told_of_returns(portal: Portal) -> None:
    assert "due date" not in _home(portal.signed_in(Role.FUNDER))
