"""Signing in and out, and what a session survives."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from access.guard import safe_next
from data_access import accounts, audit, schema
from data_access.accounts import AccountError
from data_access.engine import get_engine, utc_now, writing
from data_access.sign_in import TRIES_BEFORE_LOCK
from domain.roles import Role
from domain.scope import server_scope
from tests.portal import OURS, PASSWORD, Portal, Visitor, email_of, heading


def events(kind: str) -> list[dict]:
    with get_engine().connect() as conn:
        rows = conn.execute(select(schema.audit).where(schema.audit.c.event == kind).order_by(schema.audit.c.id))
        return [dict(row._mapping) for row in rows]


def add(email: str, role: Role = Role.FUNDER) -> None:
    from access.passwords import hash_password

    accounts.add_account(
        server_scope(),
        email=email,
        name="A person",
        role=role,
        programmes=["TEST"],
        password_hash=hash_password(PASSWORD),
    )


def is_signed_in(visitor: Visitor) -> bool:
    return visitor.get("/_dash-layout").status_code == 200


def test_right_password_leads_to_the_page_asked_for(portal: Portal) -> None:
    visitor = portal.visitor()
    asked = visitor.get("/trends?from=2023-02")
    assert asked.status_code == 302
    assert asked.headers["Location"] == "/sign-in?next=%2Ftrends%3Ffrom%3D2023-02"
    answer = visitor.sign_in(email_of(Role.FUNDER), next="/trends?from=2023-02")
    assert answer.headers["Location"] == "/trends?from=2023-02"
    assert is_signed_in(visitor)
    assert events("signed in")[-1]["detail"] == {"account": email_of(Role.FUNDER)}


@pytest.mark.parametrize("role", list(Role))
def test_everyone_lands_on_a_page_they_may_see(portal: Portal, role: Role) -> None:
    visitor = portal.visitor()
    landed = visitor.page(visitor.sign_in(email_of(role)).headers["Location"])
    assert heading(landed) not in ("", "You do not have access")


def test_e_mail_address_may_be_typed_in_capitals(portal: Portal) -> None:
    assert portal.visitor().sign_in(email_of(Role.FUNDER).upper()).status_code == 302


def test_a_second_tab_ends_on_a_page_that_sends_people_back_to_the_first(portal: Portal) -> None:
    visitor = portal.visitor()
    assert visitor.get("/signed-in").status_code == 302
    assert visitor.sign_in(email_of(Role.MANAGER), next="/signed-in").headers["Location"] == "/signed-in"
    assert "Close this tab and go back" in visitor.get("/signed-in").text


def test_an_account_of_before_keeps_working_and_gets_no_twin(portal: Portal) -> None:
    """Its address was kept in wide letters, which are read as plain ones now."""
    add("wide@test.example")
    wide = "\uff57\uff49\uff44\uff45@test.example"
    with writing().begin() as conn:
        conn.execute(update(schema.user).where(schema.user.c.email == "wide@test.example").values(email=wide))
    visitor = portal.visitor()
    assert visitor.sign_in(wide.upper()).status_code == 302
    with pytest.raises(AccountError, match="already an account"):
        add("wide@test.example")
    visitor.form("/account/password", "/account", current=PASSWORD, new="amber field gate", again="amber field gate")
    assert portal.visitor().sign_in(wide, "amber field gate").status_code == 302


def test_a_twin_in_look_alike_letters_is_neither_made_nor_signed_in_as(portal: Portal) -> None:
    twin = email_of(Role.FUNDER).replace("f", "\u0493")
    with pytest.raises(AccountError, match="may look like another"):
        add(twin)
    assert portal.visitor().sign_in(twin).status_code == 401


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "/sign-in",
        "/_dash-layout",
        "",
        "/a\nb",
        "\\/x",
    ],
)
def test_next_never_leaves_the_portal(target: str) -> None:
    assert safe_next(target) == "/"


def test_wrong_password_and_unknown_account_get_the_same_words(portal: Portal) -> None:
    wrong = portal.visitor().sign_in(email_of(Role.FUNDER), "not the password at all")
    unknown = portal.visitor().sign_in("nobody@test.example", "not the password at all")
    assert wrong.status_code == unknown.status_code == 401
    assert "There is a problem" in wrong.text

    def said(page: str, typed: str) -> str:
        return re.sub(r'name="csrf_token"[^>]*', "", page).replace(typed, "")

    assert said(wrong.text, email_of(Role.FUNDER)) == said(unknown.text, "nobody@test.example")
    assert [row["detail"]["reason"] for row in events("sign-in failed")[-2:]] == ["wrong password", "no such account"]


def test_unknown_account_costs_the_same_work(portal: Portal) -> None:
    """A password is checked whether or not the account exists: counted, because clocks on busy machines lie."""
    from access import passwords

    calls: list[str | None] = []
    with pytest.MonkeyPatch.context() as patch:
        real = passwords.verify
        patch.setattr(passwords, "verify", lambda stored, given: calls.append(stored) or real(stored, given))
        portal.visitor().sign_in("nobody@test.example")
        portal.visitor().sign_in(email_of(Role.FUNDER), "wrong")
    assert len(calls) == 2
    assert calls[0] is None


def test_sign_out_ends_a_copied_cookie_too(portal: Portal) -> None:
    visitor = portal.signed_in(Role.FUNDER)
    stolen = portal.visitor()
    stolen.client.set_cookie("portal_session", visitor.client.get_cookie("portal_session").value)
    assert is_signed_in(stolen)
    answer = visitor.client.post("/sign-out", headers=OURS)
    assert answer.headers["Location"] == "/sign-in?signed-out"
    assert not is_signed_in(visitor)
    assert not is_signed_in(stolen)
    assert events("signed out")[-1]["detail"] == {"account": email_of(Role.FUNDER)}


def test_a_cookie_from_before_signing_in_is_not_the_one_after(portal: Portal) -> None:
    visitor = portal.visitor()
    visitor.get("/sign-in")
    before = visitor.client.get_cookie("portal_session").value
    visitor.sign_in(email_of(Role.FUNDER))
    planted = portal.visitor()
    planted.client.set_cookie("portal_session", before)
    assert not is_signed_in(planted)


@pytest.mark.parametrize(
    ("column", "ago", "survives"),
    [
        ("seen_at", timedelta(minutes=29), True), ("seen_at", timedelta(minutes=31), False),
        ("started_at", timedelta(hours=7, minutes=59), True), ("started_at", timedelta(hours=8, minutes=1), False),
    ],
)  # fmt: skip
def test_idle_and_absolute_limits(portal: Portal, column: str, ago: timedelta, survives: bool) -> None:
    visitor = portal.signed_in(Role.PARTNER)
    sessions = schema.user_session
    with get_engine().connect() as conn:
        newest = conn.execute(select(sessions.c.token_hash).order_by(sessions.c.started_at.desc())).scalars().first()
    with writing().begin() as conn:
        conn.execute(update(sessions).where(sessions.c.token_hash == newest).values({column: utc_now() - ago}))
    assert is_signed_in(visitor) is survives


def test_using_the_portal_keeps_the_session_open(portal: Portal) -> None:
    visitor = portal.signed_in(Role.PARTNER)
    sessions = schema.user_session
    with writing().begin() as conn:
        conn.execute(update(sessions).values(seen_at=utc_now() - timedelta(minutes=20)))
    assert is_signed_in(visitor)
    with get_engine().connect() as conn:
        latest = conn.execute(select(sessions.c.seen_at).order_by(sessions.c.seen_at.desc())).scalars().first()
    assert utc_now() - latest < timedelta(minutes=1)


@pytest.mark.parametrize("change", ["password", "role", "programmes", "disable"])
def test_changes_to_an_account_end_its_sessions(portal: Portal, change: str) -> None:
    email = f"changed-{change}@test.example"
    add(email)
    visitor = portal.visitor()
    visitor.sign_in(email)
    assert is_signed_in(visitor)
    scope = server_scope()
    {
        "password": lambda: accounts.set_password(scope, email, "x"),
        "role": lambda: accounts.set_role(scope, email, Role.PARTNER),
        "programmes": lambda: accounts.set_programmes(scope, email, []),
        "disable": lambda: accounts.set_active(scope, email, False),
    }[change]()
    assert not is_signed_in(visitor)


def test_lockout_after_ten_wrong_tries_and_its_end(portal: Portal) -> None:
    email = "locked@test.example"
    add(email)
    visitor = portal.visitor()
    for _ in range(TRIES_BEFORE_LOCK - 1):
        visitor.sign_in(email, "wrong wrong wrong")
    assert portal.visitor().sign_in(email).status_code == 302, "nine wrong tries must not lock"
    for _ in range(TRIES_BEFORE_LOCK):
        visitor.sign_in(email, "wrong wrong wrong")
    assert portal.visitor().sign_in(email).status_code == 401, "the right password does not open a locked account"
    assert events("sign-in failed")[-1]["detail"]["reason"] == "locked"
    with writing().begin() as conn:
        conn.execute(
            update(schema.sign_in_source)
            .where(schema.sign_in_source.c.locked_until.is_not(None))
            .values(locked_until=utc_now() - timedelta(seconds=1))
        )
    assert portal.visitor().sign_in(email).status_code == 302


def test_disabled_account_stays_out(portal: Portal) -> None:
    add("gone@test.example")
    accounts.set_active(server_scope(), "gone@test.example", False)
    assert portal.visitor().sign_in("gone@test.example").status_code == 401


def test_sign_in_needs_its_form_token(portal: Portal) -> None:
    visitor = portal.visitor()
    answer = visitor.client.post("/sign-in", data={"email": email_of(Role.FUNDER), "password": PASSWORD}, headers=OURS)
    assert answer.status_code == 400
    assert not is_signed_in(visitor)


def test_too_many_tries_from_one_address(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    few = Portal(tmp_path, monkeypatch, SIGN_INS_PER_MINUTE="3")
    visitor = few.visitor()
    codes = [visitor.sign_in(f"a{n}@test.example", "wrong wrong wrong").status_code for n in range(5)]
    assert codes == [401, 401, 401, 429, 429]


def test_own_password_change(portal: Portal) -> None:
    add("own@test.example")
    visitor = portal.visitor()
    visitor.sign_in("own@test.example")
    refused = visitor.form(
        "/account/password", "/account", current="wrong", new="amber field gate", again="amber field gate"
    )
    assert refused.headers["Location"] == "/account"
    assert "The current password is not right." in visitor.page("/account").text
    done = visitor.form(
        "/account/password", "/account", current=PASSWORD, new="amber field gate", again="amber field gate"
    )
    assert done.headers["Location"] == "/sign-in?changed"
    assert not is_signed_in(visitor)
    assert portal.visitor().sign_in("own@test.example").status_code == 401
    assert portal.visitor().sign_in("own@test.example", "amber field gate").status_code == 302


@pytest.mark.parametrize("weak", ["short", "passwordpassword", "aaaaaaaaaaaaaaa", "weak-person-2023x"])
def test_weak_passwords_are_refused(weak: str) -> None:
    from access.passwords import PasswordError, check_password_rules

    with pytest.raises(PasswordError):
        check_password_rules(weak, "weak-person@test.example")


def test_audit_refuses_what_it_does_not_know() -> None:
    with pytest.raises(ValueError, match="not a declared audit event"):
        audit.record(None, actor="x", event="tea made", detail={})
    with pytest.raises(ValueError, match="records exactly"):
        audit.record(None, actor="x", event="signed in", detail={"account": "x", "password": "oops"})
