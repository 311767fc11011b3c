"""Comments are pinned to a figure and a data version, stay as they were written, and are settled by a manager alone."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from sqlalchemy import select, update

from domain.roles import Role
from tests.portal import OURS, Portal, Visitor, text_of

PAGE = "/evaluation/delivery-and-data-quality"
FIGURE = "evaluation-record-quality"


class People(Portal):
    """Each signs in once: hashing a password is slow on purpose."""

    def signed_in(self, role: Role) -> Visitor:
        self.known = getattr(self, "known", {})
        if role not in self.known:
            self.known[role] = super().signed_in(role)
        return self.known[role]


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield People(tmp_path_factory.mktemp("portal"), monkeypatch)


def shown(visitor: Visitor, search: str = "") -> str:
    """The page as Dash sends it."""
    return json.dumps(visitor.page(PAGE, search).get_json(), ensure_ascii=False)


def words(visitor: Visitor) -> str:
    return text_of(visitor.page(PAGE).get_json()["response"]["_pages_content"]["children"])


def version(visitor: Visitor) -> str:
    found = re.search(
        r'"name": "data_hash"[^}]*"value": "(\w+)"|"value": "(\w+)"[^}]*"name": "data_hash"', shown(visitor)
    )
    assert found
    return found[1] or found[2]


def say(visitor: Visitor, text: str, where: str = "", **more: str):
    given = {"programme": "TEST", "back": f"{PAGE}?programme=TEST", "text": text, **more}
    if not where:
        given = {"figure": FIGURE, "data_hash": version(visitor), **given}
    return visitor.form(f"/evaluation/comments{where}", PAGE, **given)


def latest() -> int:
    from data_access import schema
    from data_access.engine import get_engine

    with get_engine().connect() as conn:
        c = schema.review_comment.c
        return int(conn.execute(select(c.id).where(c.thread_id.is_(None)).order_by(c.id.desc())).scalars().first() or 0)


def test_a_comment_an_answer_and_a_resolution_are_all_read_under_the_figure(portal: Portal) -> None:
    reviewer, manager = portal.signed_in(Role.REVIEWER), portal.signed_in(Role.MANAGER)
    answer = say(reviewer, "Why is\nMay so high?")
    assert answer.status_code == 302
    assert answer.location == f"{PAGE}?programme=TEST&comments={FIGURE}"
    thread = latest()
    assert say(manager, "A late file.", f"/{thread}/reply").status_code == 302
    assert "Comments: 1 open, 0 resolved" in words(reviewer)
    assert say(manager, "Explained in the notes.", f"/{thread}/resolve").status_code == 302
    said = words(reviewer)
    assert "Comments: 0 open, 1 resolved" in said
    order = [
        said.index(part) for part in ("Why isMay so high?", "A late file.", "Resolved by", "Explained in the notes.")
    ]
    assert order == sorted(order)
    assert f"Answer comment {thread}" not in said


def test_what_was_typed_is_text_and_never_markup(portal: Portal) -> None:
    reviewer = portal.signed_in(Role.REVIEWER)
    say(reviewer, "<script>alert(1)</script>")
    assert "<script>alert(1)</script>" in words(reviewer)
    refused = say(reviewer, "<b>" + "x" * 4000)
    assert "&lt;b&gt;" in refused.text
    assert "<b>" not in refused.text


@pytest.mark.parametrize(
    ("text", "why"), [("  \r\n ", "Write something first"), ("x" * 4001, "At most 4,000 characters")]
)
def test_text_that_cannot_be_kept_comes_back_with_the_reason(portal: Portal, text: str, why: str) -> None:
    before = latest()
    refused = say(portal.signed_in(Role.REVIEWER), text)
    assert refused.status_code == 400
    assert why in refused.text
    assert text.strip() in refused.text
    assert latest() == before


def test_a_comment_written_while_the_data_changed_is_not_pinned_to_data_its_author_never_saw(portal: Portal) -> None:
    refused = say(portal.signed_in(Role.REVIEWER), "Is this right?", data_hash="0" * 64)
    assert refused.status_code == 400
    assert "The data changed while you wrote" in refused.text
    assert version(portal.signed_in(Role.REVIEWER)) in refused.text


def test_a_comment_on_an_earlier_version_of_the_data_says_so(portal: Portal) -> None:
    from data_access import schema
    from data_access.engine import writing

    reviewer = portal.signed_in(Role.REVIEWER)
    say(reviewer, "On today's data.")
    before = words(reviewer).count("Made on an earlier version of the data")
    with writing().begin() as conn:
        conn.execute(
            update(schema.review_comment).where(schema.review_comment.c.id == latest()).values(data_hash="old")
        )
    assert words(reviewer).count("Made on an earlier version of the data") == before + 1


def test_a_resolved_thread_takes_no_more_answers_and_no_second_resolution(portal: Portal) -> None:
    manager = portal.signed_in(Role.MANAGER)
    say(manager, "Settled at once.")
    thread = latest()
    assert say(manager, "", f"/{thread}/resolve").status_code == 400
    assert say(manager, "Done.", f"/{thread}/resolve").status_code == 302
    assert "This thread is resolved." in say(manager, "More.", f"/{thread}/reply").text
    assert "resolved already" in say(manager, "Again.", f"/{thread}/resolve").text


def test_who_may_only_read_sees_no_form(portal: Portal) -> None:
    say(portal.signed_in(Role.REVIEWER), "For all to read.")
    approver = portal.signed_in(Role.APPROVER)
    assert "For all to read." in words(approver)
    assert "/evaluation/comments" not in shown(approver)
    assert "/resolve" not in shown(portal.signed_in(Role.REVIEWER))


def test_no_form_works_without_its_token_or_from_another_programme(portal: Portal) -> None:
    reviewer, before = portal.signed_in(Role.REVIEWER), latest()
    given = {"programme": "TEST", "back": PAGE, "figure": FIGURE, "data_hash": version(reviewer), "text": "x"}
    assert reviewer.client.post("/evaluation/comments", data=given, headers=OURS).status_code == 400
    assert say(reviewer, "x", programme="OTHER").status_code == 403
    assert say(reviewer, "x", f"/{before}/reply", programme="OTHER").status_code == 403
    assert latest() == before


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example/x", "/accounts", ""])
def test_a_form_leads_back_to_pages_of_the_evaluation_only(portal: Portal, back: str) -> None:
    reviewer = portal.signed_in(Role.REVIEWER)
    say(reviewer, "Pinned.")
    assert say(reviewer, "x", back=back).status_code == 400
    assert say(reviewer, "gone astray", f"/{latest()}/reply", back=back).status_code == 400
    assert "gone astray" not in words(reviewer)


@pytest.mark.parametrize("figure", ["evaluation-estimates", "nothing"])
def test_only_figures_of_the_reviewers_pages_take_comments(portal: Portal, figure: str) -> None:
    assert say(portal.signed_in(Role.REVIEWER), "x", figure=figure).status_code == 400


def test_every_comment_and_resolution_is_in_the_audit_log(portal: Portal) -> None:
    from data_access import schema
    from data_access.engine import get_engine

    manager = portal.signed_in(Role.MANAGER)
    say(manager, "For the log.")
    say(manager, "Seen.", f"/{latest()}/resolve")
    with get_engine().connect() as conn:
        rows = conn.execute(
            select(schema.audit.c.event, schema.audit.c.detail).order_by(schema.audit.c.id.desc())
        ).all()
    assert [row.event for row in rows[:2]] == ["comment thread resolved", "comment written"]
    assert rows[0].detail == {"thread": latest(), "figure": FIGURE}


def test_a_thread_of_another_programme_cannot_be_reached(portal: Portal) -> None:
    refused = say(portal.signed_in(Role.MANAGER), "x", "/999999/resolve")
    assert refused.status_code == 400
    assert "There is no such thread." in refused.text
