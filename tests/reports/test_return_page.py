"""The Returns page, its callback and its download, through the whole portal; and the command."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader
from sqlalchemy import select

from data_access.returns import versions
from domain.roles import Role
from domain.scope import server_scope
from reports.sections.words import NARRATIVE
from tests.factories import audit_events
from tests.portal import SECOND_MANAGER, Portal, Visitor, heading, text_of

SAVE = (
    "..returns-said.children...returns-revision.data...returns-standing.children...returns-preview.children"
    "...returns-checks.children...returns-lead.children...returns-list.children...returns-falls.children.."
)


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield Portal(tmp_path_factory.mktemp("portal"), monkeypatch)


def _page(visitor: Visitor, search: str = "") -> str:
    return text_of_all(visitor.page("/returns", search).get_json())


def text_of_all(answer: Any) -> str:
    return text_of(answer["response"]["_pages_content"]["children"])


def _save(
    visitor: Visitor, revision: int, text: str, month: str = "2023-10", programme: str = "TEST",
    reasons: dict[str, str] | None = None, **where: str,
) -> Any:  # fmt: skip
    where = {"programme": programme, "month": month, **where}
    state: list[Any] = [("returns-where", "data", where), ("returns-revision", "data", revision)]
    state.append([({"type": "returns-reason", "key": key}, "value", why) for key, why in (reasons or {}).items()])
    ids = {key: f"returns-text-{key.replace(' ', '-')}" for key in NARRATIVE}
    state += [(element, "value", text if key == "highlights" else "") for key, element in ids.items()]
    outputs = [tuple(part.rsplit(".", 1)) for part in SAVE[2:-2].split("...")]
    return visitor.callback(SAVE, [("returns-save", "n_clicks", 1)], state, outputs)


def test_the_page_lists_months_with_state_due_and_download(portal: Portal) -> None:
    manager = portal.signed_in(Role.MANAGER)
    answer = manager.page("/returns")
    assert heading(answer) == "What is due, and is it right?"
    text = _page(manager)
    assert "Nov 2023" in text
    assert "Not started" in text
    assert "Jan 2022" not in text, "before the service there is nothing to return"


def test_a_chosen_month_shows_checks_narrative_and_preview(portal: Portal) -> None:
    text = _page(portal.signed_in(Role.MANAGER), "?programme=TEST&month=2023-10")
    for word in (
        "Checks",
        "Highlights",
        "Save narrative and reasons",
        "A Cover",
        "K Sign-off",
        "Make the PDF of this draft",
    ):
        assert word in text, word


def test_an_approver_reads_and_cannot_write(portal: Portal) -> None:
    approver = portal.signed_in(Role.APPROVER)
    text = _page(approver, "?programme=TEST&month=2023-10")
    assert "Save narrative" not in text
    assert "A Cover" in text
    assert _save(approver, 0, "Mine.").status_code == 403


@pytest.mark.parametrize(
    ("search", "said"),
    [
        ("?programme=TEST&month=2031-01", "No data are held for Test city in Jan 2031"),
        ("?programme=TEST&month=soon", "is not a month"),
        ("?programme=OTHER&month=2023-10", "does not include the programme"),
    ],
)
def test_what_cannot_be_shown_is_said(portal: Portal, search: str, said: str) -> None:
    assert said in _page(portal.signed_in(Role.MANAGER), search)


def test_saving_shows_in_preview_and_a_second_editor_is_refused(portal: Portal) -> None:
    one, two = portal.signed_in(Role.MANAGER), portal.signed_in(Role.MANAGER)
    first = _save(one, 0, "Words of the first editor.").get_json()["response"]
    assert first["returns-revision"]["data"] == 1
    assert "Words of the first editor." in text_of(first["returns-preview"]["children"])
    second = _save(two, 0, "Words of the second editor.").get_json()["response"]
    assert "Nothing was saved" in text_of(second["returns-said"]["children"])
    assert "returns-revision" not in second
    shown = json.dumps(one.page("/returns", "?programme=TEST&month=2023-10").get_json())
    assert "Words of the first editor." in shown
    assert "Words of the second editor." not in shown


def test_words_of_one_person_are_not_saved_by_another_who_signed_in_since(portal: Portal) -> None:
    first, month = portal.signed_in(Role.MANAGER), "2023-06"
    opened = json.dumps(first.page("/returns", f"?programme=TEST&month={month}").get_json())
    (mark,) = set(re.findall(r'"data-writer": "([0-9a-f]{16})"', opened))
    second = portal.signed_in(Role.MANAGER, SECOND_MANAGER)
    refused = _save(second, 0, "Theirs.", month=month, writer=mark).get_json()["response"]
    assert "Nothing was saved: somebody else opened this page" in text_of(refused["returns-said"]["children"])
    assert list(refused) == ["returns-said"]
    again = portal.signed_in(Role.MANAGER)
    saved = _save(again, 0, "Mine.", month=month, writer=mark).get_json()["response"]
    assert saved["returns-said"]["children"]["props"]["data-saved"] == "1"


def test_words_typed_before_a_version_was_closed_are_offered_by_the_month(portal: Portal) -> None:
    """assets/returns.js offers them wherever the page says whose and which month it is, with boxes or without."""
    search = "?programme=TEST&month=2023-06"
    writer, reader = (
        json.dumps(portal.signed_in(r).page("/returns", search).get_json()) for r in (Role.MANAGER, Role.APPROVER)
    )
    for page in (writer, reader):
        assert '"data-return": "TEST:2023-06"' in page
    mark = re.compile(r'"data-writer": "([0-9a-f]{16})"')
    assert mark.findall(writer) != mark.findall(reader)
    assert "data-revision" in writer
    assert "data-revision" not in reader, "where nobody writes no box is waited for"


def test_a_save_that_fails_unforeseen_is_answered_so_that_another_can_be_made(
    portal: Portal, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    manager, month = portal.signed_in(Role.MANAGER), "2023-05"

    def fails(*_: object) -> None:
        raise RuntimeError("The disk is full.")

    with monkeypatch.context() as patched:
        patched.setattr("data_access.returns.narrative.save", fails)
        answer = _save(manager, 0, "Mine.", month=month)
    told = answer.get_json()["response"]
    assert list(told) == ["returns-said"]
    said = told["returns-said"]["children"]
    assert said["props"]["data-answer"] == "1"
    assert "data-saved" not in said["props"]
    assert "this may not be saved. What you typed is still here" in text_of(said)
    reference = re.search(r"reference ([0-9a-f]{8})", text_of(said))
    assert reference
    assert f"Problem {reference[1]} in a save of a return" in caplog.text
    assert "The disk is full." not in answer.text
    again = _save(manager, 0, "Mine.", month=month).get_json()["response"]
    assert again["returns-said"]["children"]["props"]["data-saved"] == "1"


def test_saving_leaves_nothing_on_the_page_that_says_nobody_wrote(portal: Portal) -> None:
    manager, search = portal.signed_in(Role.MANAGER), "?programme=TEST&month=2023-07"
    before = _page(manager, search)
    assert "Nobody has saved a narrative" in before
    assert before.count("Nothing was written.") >= len(NARRATIVE)
    saved = _save(manager, 0, "Words for July.", month="2023-07").get_json()["response"]
    shown = {name: text_of(part["children"]) for name, part in saved.items() if "children" in part}
    assert "Nobody has saved a narrative" not in shown["returns-checks"] + shown["returns-preview"]
    assert shown["returns-preview"].count("Nothing was written.") == len(NARRATIVE) - 1
    assert "done by Person manager" in shown["returns-standing"]
    assert "Jul 2023Draft, revision 1" in shown["returns-list"]
    assert shown["returns-list"] in _page(manager, search)


def _asked(answer: Any) -> list[str]:
    """Keys of the findings that the checks have a box for."""
    found = re.findall(r'"key": "([^"]+)", "type": "returns-reason"', json.dumps(answer, sort_keys=True))
    return list(dict.fromkeys(found))


def test_reasons_are_read_and_those_that_nothing_asks_for_are_given_back_and_not_kept(portal: Portal) -> None:
    manager, month = portal.signed_in(Role.MANAGER), "2023-08"
    first = _save(manager, 0, "The scheme is a success.", month=month).get_json()["response"]
    asked = _asked(first["returns-checks"])
    (praise,) = [key for key in asked if key.startswith("over-claiming:")]
    other = next(key for key in asked if key != praise)
    reasons = {
        praise: "So the board has called it.",
        other: "Ring 07700 900123.",
        "made:up:0123456789": "Kept for nothing.",
    }
    second = _save(manager, 1, "The scheme is a success.", month=month, reasons=reasons).get_json()["response"]
    said = text_of(second["returns-said"]["children"])
    assert "A reason was not kept" in said
    assert "“Kept for nothing.”" in said
    checks = text_of(second["returns-checks"]["children"])
    assert "Stands in the way: Reason under" in checks
    assert "telephone number “07700 900123”" in checks
    assert "no longer asked for" not in checks
    with portal.server.test_request_context():
        assert set(versions.latest(server_scope("test"), "TEST", month).reasons) == {praise, other}
    # The words are changed, and with them the reason that explained the old ones.
    reasons = {praise: "So says Harold Pym, 07700 900124."}
    third = _save(manager, 2, "Briefings were held.", month=month, reasons=reasons).get_json()["response"]
    assert "“So says Harold Pym, 07700 900124.”" in text_of(third["returns-said"]["children"])
    assert "07700 900124" not in text_of(third["returns-checks"]["children"])
    with portal.server.test_request_context():
        assert set(versions.latest(server_scope("test"), "TEST", month).reasons) == {other}


def test_a_correction_is_dropped_only_with_the_tick_and_only_where_there_is_one(portal: Portal) -> None:
    manager, search = portal.signed_in(Role.MANAGER), "?programme=TEST&month=2023-04"
    asked = {"programme": "TEST", "month": "2023-04", "revision": "0", "action": "drop", "reason": "Opened by mistake."}
    manager.form("/returns/act", "/account", **asked)
    told = _page(manager, search)
    assert "Tick the box above the button" in told
    assert "You wrote: “Opened by mistake.”" in told
    assert "Drop this correction" not in told
    manager.form("/returns/act", "/account", **asked, sure="on")
    assert "Only a correction can be dropped" in _page(manager, search)


def test_a_month_before_the_service_opens_no_return(portal: Portal) -> None:
    manager = portal.signed_in(Role.MANAGER)
    text = _page(manager, "?programme=TEST&month=2022-01")
    assert "There is no return of Jan 2022" in text
    assert "Save narrative" not in text
    assert manager.get("/returns/TEST/2022-01.pdf").status_code == 404


def test_a_narrative_over_300_words_is_refused_with_its_count(portal: Portal) -> None:
    answer = _save(portal.signed_in(Role.MANAGER), 0, "word " * 301, month="2023-09").get_json()["response"]
    assert "has 301 words" in text_of(answer["returns-said"]["children"])
    assert _save(portal.signed_in(Role.MANAGER), 0, "word " * 300, month="2023-09").get_json()["response"][
        "returns-revision"
    ]


def test_a_manager_cannot_save_for_another_programme(portal: Portal) -> None:
    answer = _save(portal.signed_in(Role.MANAGER), 0, "x", programme="OTHER")
    assert "does not include the programme" in answer.text or answer.status_code == 403


def test_the_pdf_downloads_for_those_who_may_and_is_logged(portal: Portal, tmp_path: Path) -> None:
    from data_access.engine import get_engine

    answer = portal.signed_in(Role.APPROVER).get("/returns/TEST/2023-11.pdf")
    assert answer.status_code == 200
    assert answer.mimetype == "application/pdf"
    assert "test-return-2023-11-v1-draft-0.pdf" in answer.headers["Content-Disposition"]
    (tmp_path / "r.pdf").write_bytes(answer.data)
    assert "November 2023" in PdfReader(tmp_path / "r.pdf").pages[0].extract_text()
    assert audit_events(get_engine())[-1] == "return downloaded"


@pytest.mark.parametrize(
    ("role", "path", "status"),
    [
        (Role.FUNDER, "/returns/TEST/2023-10.pdf", 403),
        (Role.REVIEWER, "/returns/TEST/2023-10.pdf", 403),
        (Role.MANAGER, "/returns/OTHER/2023-10.pdf", 403),
        (Role.MANAGER, "/returns/NOPE/2023-10.pdf", 403),
        (Role.MANAGER, "/returns/TEST/2031-10.pdf", 404),
        (Role.MANAGER, "/returns/TEST/soon.pdf", 404),
    ],
)
def test_other_requests_for_a_pdf_get_no_data(portal: Portal, role: Role, path: str, status: int) -> None:
    answer = portal.signed_in(role).get(path)
    assert answer.status_code == status
    assert not answer.data.startswith(b"%PDF")
    assert "Traceback" not in answer.text


def test_nobody_signed_in_gets_no_pdf(portal: Portal) -> None:
    assert portal.visitor().get("/returns/TEST/2023-10.pdf").status_code in (302, 401)


def test_the_command_writes_a_whole_file_or_none(portal: Portal, tmp_path: Path) -> None:
    runner = portal.server.test_cli_runner()
    out = tmp_path / "return.pdf"
    done = runner.invoke(args=["return", "build", "--programme", "TEST", "--month", "2023-10", "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert out.read_bytes().startswith(b"%PDF-1.7")
    assert "SHA-256 of the data" in done.output
    kept = out.read_bytes()
    for wrong in (["TEST", "2031-10"], ["TEST", "soon"], ["NOPE", "2023-10"]):
        failed = runner.invoke(
            args=["return", "build", "--programme", wrong[0], "--month", wrong[1], "--out", str(out)]
        )
        assert failed.exit_code == 1
        assert "Traceback" not in failed.output
        assert len(failed.output.split()) > 8, "a sentence that says what to do"
    assert out.read_bytes() == kept
    nowhere = runner.invoke(args=["return", "build", "--programme", "TEST", "--month", "2023-10", "--out", str(tmp_path / "no" / "r.pdf")])  # fmt: skip
    assert "There is no folder" in nowhere.output


def test_a_programme_without_fund_or_service_is_told_why_it_has_no_returns(portal: Portal) -> None:
    from data_access import schema
    from data_access.engine import writing

    def settings(change: dict[str, Any]) -> dict[str, Any]:
        with writing().begin() as conn:
            table = schema.programme
            old = conn.execute(select(table.c.config).where(table.c.code == "TEST")).scalar_one()
            conn.execute(table.update().where(table.c.code == "TEST").values(config={**old, **change}))
        return dict(old)

    old = settings({"fund": {}, "service": {}})
    try:
        text = _page(portal.signed_in(Role.MANAGER))
        assert "No return is due for Test city" in text
        assert "a fund ([fund] name) and the date its service went live" in text
        assert "PDF" not in text
    finally:
        settings(old)
