"""The documents page and its files: each role finds what it may have, every download is logged, refusals say why."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader
from sqlalchemy import select

from domain.roles import Role
from tests.portal import Portal, heading, text_of

BOARD = "/documents/TEST/board-page/2023-11.pdf"


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield Portal(tmp_path_factory.mktemp("portal"), monkeypatch)


def shown(answer: Any) -> Any:
    return answer.get_json()["response"]["_pages_content"]["children"]


def links(answer: Any) -> list[str]:
    found: list[str] = []

    def walk(node: Any) -> None:
        if isinstance(node, dict):
            href = node.get("props", {}).get("href") if isinstance(node.get("props"), dict) else None
            found.extend([href] if href else [])
            for value in node.values():
                walk(value)
        elif isinstance(node, list):
            for value in node:
                walk(value)

    walk(shown(answer))
    return found


def audit_rows(event: str) -> list[dict[str, Any]]:
    from data_access import schema
    from data_access.engine import get_engine

    a = schema.audit.c
    with get_engine().connect() as conn:
        return list(conn.execute(select(a.detail).where(a.event == event).order_by(a.id)).scalars())


@pytest.mark.parametrize(
    ("role", "kinds"),
    [
        (Role.FUNDER, {"board-page", "quarterly"}),
        (Role.PARTNER, {"board-page", "quarterly"}),
        (Role.REVIEWER, {"board-page", "quarterly", "reviewer-pack"}),
        (Role.FINANCE, {"board-page", "quarterly", "year-end-statement"}),
        (Role.MANAGER, {"board-page", "quarterly", "reviewer-pack", "year-end-statement"}),
    ],
)
def test_each_role_finds_what_it_may_have(portal: Portal, role: Role, kinds: set[str]) -> None:
    answer = portal.signed_in(role).page("/documents", "?programme=TEST")
    assert heading(answer) == "Which document do you need?"
    text = json.dumps(shown(answer))
    assert {
        k for k in ("board-page", "quarterly", "reviewer-pack", "year-end-statement") if f"documents-{k}" in text
    } == kinds
    offered = {link.split("/")[3] for link in links(answer)}
    assert offered == kinds - {"year-end-statement", "reviewer-pack"}, "no spend is loaded, so no year is offered"
    assert ("Make the reviewer pack" in text) is ("reviewer-pack" in kinds), "it takes long, so it is made as a job"


def test_choices_are_the_months_and_quarters_that_data_fill_newest_first(portal: Portal) -> None:
    found = links(portal.signed_in(Role.FUNDER).page("/documents", "?programme=TEST"))
    months = [link for link in found if "/board-page/" in link]
    assert months[0] == "/documents/TEST/board-page/2023-12.pdf"
    assert months[-1] == "/documents/TEST/board-page/2022-10.pdf"
    assert "/documents/TEST/quarterly/2023-24-q3.pdf" in found


def test_what_is_missing_says_what_to_load(portal: Portal) -> None:
    text = text_of(shown(portal.signed_in(Role.FINANCE).page("/documents", "?programme=TEST")))
    assert "None yet. No spend is loaded for any financial year. Load the grant's money (kind costs)." in text


def test_a_role_without_any_is_told_so(portal: Portal) -> None:
    answer = portal.signed_in(Role.INFORMATION_GOVERNANCE).page("/documents", "?programme=TEST")
    assert heading(answer) == "Which document do you need?"
    assert "None of these documents is for your role" in text_of(shown(answer))
    assert links(answer) == []


def test_a_document_is_downloaded_and_logged_with_its_hash(portal: Portal) -> None:
    answer = portal.signed_in(Role.FUNDER).get(BOARD)
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="test-board-page-2023-11.pdf"'
    assert answer.headers["Cache-Control"] == "no-store"
    assert len(PdfReader(BytesIO(answer.data)).pages) == 1
    sha = hashlib.sha256(answer.data).hexdigest()
    assert answer.headers["ETag"] == f'"{sha}"'
    assert audit_rows("document downloaded")[-1] == {"document": "board-page", "choice": "2023-11", "sha256": sha}


@pytest.mark.parametrize(
    ("role", "path"),
    [
        (Role.FUNDER, "/documents/TEST/reviewer-pack/0123456789abcdef.pdf"),
        (Role.FUNDER, "/documents/TEST/year-end-statement/2023-24.pdf"),
        (Role.REVIEWER, "/documents/TEST/year-end-statement/2023-24.pdf"),
        (Role.FINANCE, "/documents/TEST/reviewer-pack/0123456789abcdef.pdf"),
        (Role.INFORMATION_GOVERNANCE, BOARD),
        (Role.ADMINISTRATOR, BOARD),
        (Role.MANAGER, "/documents/OTHER/board-page/2023-11.pdf"),
        (Role.MANAGER, "/documents/NOWHERE/board-page/2023-11.pdf"),
    ],
)
def test_nobody_gets_another_roles_document_or_another_programmes(portal: Portal, role: Role, path: str) -> None:
    before = audit_rows("document downloaded")
    answer = portal.signed_in(role).get(path)
    assert answer.status_code == 403
    assert not answer.data.startswith(b"%PDF")
    assert audit_rows("document downloaded") == before


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (
            "/documents/TEST/board-page/2030-01.pdf",
            "There is no board one-pager for “2030-01”. Choose one of these: 2023-12",
        ),
        ("/documents/TEST/quarterly/2023.pdf", "There is no quarterly evaluation summary for “2023”"),
        ("/documents/TEST/year-end-statement/2023-24.pdf", "No spend is loaded for any financial year."),
        (
            "/documents/TEST/annual-report/2023-24.pdf",
            "There is no document “annual-report”; there are board-page, quarterly",
        ),
    ],
)
def test_what_there_is_not_is_404_with_a_sentence(portal: Portal, path: str, said: str) -> None:
    answer = portal.signed_in(Role.MANAGER).get(path)
    assert answer.status_code == 404
    assert answer.mimetype == "text/plain"
    assert said in answer.text


def command(portal: Portal, *words: str) -> Any:
    return portal.server.test_cli_runner().invoke(args=["document", *words])


def test_the_command_lists_and_builds_what_a_role_would_get(portal: Portal, tmp_path: Path) -> None:
    listed = command(portal, "list", "--programme", "TEST").output
    assert "quarterly: Quarterly evaluation summary, by quarter\n  2023-24-q3  Oct 2023 to Dec 2023" in listed
    assert "year-end-statement: Year-end statement of grant usage, by financial year\n  None yet." in listed
    out = tmp_path / "board.pdf"
    words = ("build", "--programme", "TEST", "--document", "board-page", "--as-role", "funder", "--out", str(out))
    said = command(portal, *words, "--choice", "2023-11")
    assert said.exit_code == 0, said.output
    assert "marked OFFICIAL" in said.output
    assert out.read_bytes() == portal.signed_in(Role.FUNDER).get(BOARD).data, "the same bytes as the download"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--document", "board-page", "--choice", "1999-01"), 1, "Choose one of these: 2023-12"),
        (
            ("--document", "year-end-statement"),
            1,
            "There is no year-end statement of grant usage yet. No spend is loaded",
        ),
        (("--document", "reviewer-pack", "--as-role", "funder"), 2, "may not have the reviewer pack"),
        (("--document", "annual-report"), 2, "annual-report"),
    ],
)
def test_the_command_refuses_with_the_reason_and_writes_nothing(
    portal: Portal, tmp_path: Path, words: tuple[str, ...], code: int, said: str
) -> None:
    out = tmp_path / "x.pdf"
    done = command(portal, "build", "--programme", "TEST", "--out", str(out), *words)
    assert done.exit_code == code
    assert said in " ".join(done.output.split())
    assert not out.exists()


def test_the_command_refuses_a_programme_nobody_loaded(portal: Portal) -> None:
    done = command(portal, "list", "--programme", "NOWHERE")
    assert done.exit_code == 1
    assert "No programme has the code “NOWHERE”" in done.output
