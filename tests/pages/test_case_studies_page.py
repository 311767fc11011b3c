"""Case studies: nothing is claimed of studies that do not exist, and an approver hears whether anything waits."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import insert, select, update

from data_access.case_studies import text_sha256
from domain.roles import Role
from tests.portal import Portal, text_of

RELEASED = "Each was checked for details that could identify someone, and released by two people"
TEXT = {"title": "A quiet word", "situation": "S", "action": "A", "outcome": "O"}


@pytest.fixture
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        made = Portal(tmp_path_factory.mktemp("portal"), monkeypatch)
        _not_a_demonstration()
        yield made


def _not_a_demonstration() -> None:
    """The sentence under test is that of a real programme; TEST is a demonstration."""
    from data_access import schema
    from data_access.engine import writing

    with writing().begin() as conn:
        config = conn.execute(select(schema.programme.c.config).where(schema.programme.c.code == "TEST")).scalar_one()
        changed = {**config, "demonstration": False}
        conn.execute(update(schema.programme).where(schema.programme.c.code == "TEST").values(config=changed))


def _release_one() -> None:
    from data_access import schema
    from data_access.engine import writing

    sha = text_sha256("Safety", *TEXT.values())
    approvals = [{"who": who, "role": "approver", "at": "2023-11-01T00:00:00", "sha256": sha} for who in ("one", "two")]
    with writing().begin() as conn:
        load = conn.execute(select(schema.load.c.id, schema.load.c.programme_id)).first()
        conn.execute(
            insert(schema.case_study).values(
                programme_id=load.programme_id, load_id=load.id, reference="CS1", theme="Safety", author="ann@example.org",
                status="approved", approvals=approvals, text_sha256=sha, **TEXT,
            )
        )  # fmt: skip


def _page(portal: Portal, role: Role) -> str:
    answer = portal.signed_in(role).page("/case-studies").get_json()
    return text_of(answer["response"]["_pages_content"]["children"])


def test_how_studies_were_released_is_said_of_released_studies_only(portal: Portal) -> None:
    before = _page(portal, Role.FUNDER)
    assert "No case study has been released." in before
    assert RELEASED not in before
    _release_one()
    after = _page(portal, Role.FUNDER)
    assert RELEASED in after
    assert "A quiet word" in after


def test_an_approver_with_nothing_waiting_reads_one_sentence(portal: Portal) -> None:
    said = "No case study has been released for this programme, and none is waiting for release."
    assert _page(portal, Role.APPROVER) == f"Who was helped?{said}"
    _release_one()
    assert "No case study is waiting for release." in _page(portal, Role.APPROVER)
