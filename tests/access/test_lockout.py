"""Guessing passwords: what it costs the guesser, what it does to the owner, and what the log says of it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from access.passwords import hash_password
from data_access import accounts, schema, sign_in
from data_access.engine import get_engine, utc_now, writing
from data_access.sign_in import TRIES_BEFORE_LOCK, TRIES_FROM_ANYWHERE
from domain.roles import Role
from domain.scope import server_scope
from tests.portal import OURS, PASSWORD, Portal, Visitor, email_of

WRONG = "wrong wrong wrong"


def add(email: str) -> accounts.Account:
    return accounts.add_account(
        server_scope(), email=email, name="A person", role=Role.MANAGER, programmes=["TEST"],
        password_hash=hash_password(PASSWORD),
    )  # fmt: skip


def from_address(portal: Portal, address: str) -> Visitor:
    visitor = portal.visitor()
    visitor.client.environ_base["REMOTE_ADDR"] = address
    return visitor


def last_event(event: str) -> dict:
    with get_engine().connect() as conn:
        rows = conn.execute(select(schema.audit).where(schema.audit.c.event == event).order_by(schema.audit.c.id))
        return dict(rows.all()[-1]._mapping)


def test_a_stranger_locks_out_their_own_address_only(portal: Portal) -> None:
    add("kept@test.example")
    stranger = from_address(portal, "203.0.113.9")
    for _ in range(TRIES_BEFORE_LOCK):
        assert stranger.sign_in("kept@test.example", WRONG).status_code == 401
    assert stranger.sign_in("kept@test.example").status_code == 401, "not even the right password opens it from there"
    assert from_address(portal, "198.51.100.7").sign_in("kept@test.example").status_code == 302


def test_one_ipv6_network_is_one_address(portal: Portal) -> None:
    add("six@test.example")
    for n in range(TRIES_BEFORE_LOCK):
        from_address(portal, f"2001:db8:1:2::{n + 1:x}").sign_in("six@test.example", WRONG)
    assert from_address(portal, "2001:db8:1:2:ffff::1").sign_in("six@test.example").status_code == 401
    assert from_address(portal, "2001:db8:1:3::1").sign_in("six@test.example").status_code == 302


def test_many_addresses_lock_the_account_but_not_for_its_owner(portal: Portal) -> None:
    owner = add("many@test.example")
    home = from_address(portal, "198.51.100.7")
    assert home.sign_in(owner.email).status_code == 302
    for n in range(TRIES_FROM_ANYWHERE):
        sign_in.record_failure(owner.email, "wrong password", f"203.0.113.{n}")
    assert from_address(portal, "192.0.2.44").sign_in(owner.email).status_code == 401
    assert from_address(portal, "198.51.100.7").sign_in(owner.email).status_code == 302
    with get_engine().connect() as conn:
        held = accounts.account_by_email(conn, owner.email)
    assert sign_in.is_locked(held, "192.0.2.44"), "the owner's signing in does not open it for strangers"
    assert not sign_in.is_locked(held, "192.0.2.44", utc_now() + sign_in.LOCK_FOR + timedelta(seconds=1))
    assert sign_in.is_locked_anywhere(held)


def test_an_address_is_forgotten_after_thirty_days(portal: Portal) -> None:
    owner = add("old@test.example")
    from_address(portal, "198.51.100.7").sign_in(owner.email)
    with writing().begin() as conn:
        conn.execute(
            update(schema.user).where(schema.user.c.id == owner.id).values(locked_until=utc_now() + sign_in.LOCK_FOR)
        )
        conn.execute(
            update(schema.sign_in_source)
            .where(schema.sign_in_source.c.user_id == owner.id)
            .values(signed_in_at=utc_now() - sign_in.KNOWN_FOR - timedelta(minutes=1))
        )  # fmt: skip
    assert from_address(portal, "198.51.100.7").sign_in(owner.email).status_code == 401


def test_an_administrator_opens_a_locked_account_with_a_new_password(portal: Portal) -> None:
    owner = add("reset@test.example")
    visitor = from_address(portal, "203.0.113.10")
    for _ in range(TRIES_BEFORE_LOCK):
        visitor.sign_in(owner.email, WRONG)
    accounts.set_password(server_scope(), owner.email, hash_password("another quiet lantern"))
    assert visitor.sign_in(owner.email, "another quiet lantern").status_code == 302


def test_addresses_are_kept_as_hashes_only(portal: Portal) -> None:
    from_address(portal, "203.0.113.77").sign_in(email_of(Role.FUNDER), WRONG)
    with get_engine().connect() as conn:
        held = conn.execute(select(schema.sign_in_source.c.address_hash)).scalars().all()
    assert held
    assert all(len(one) == 64 and "203.0.113" not in one for one in held)


def change(visitor: Visitor, current: str) -> str:
    visitor.form("/account/password", "/account", current=current, new="amber field gate", again="amber field gate")
    return visitor.page("/account").text


def test_the_current_password_cannot_be_guessed_at_an_open_session(portal: Portal) -> None:
    owner = add("open@test.example")
    visitor = from_address(portal, "203.0.113.20")
    visitor.sign_in(owner.email)
    for _ in range(TRIES_BEFORE_LOCK):
        assert "The current password is not right." in change(visitor, WRONG)
    assert last_event("password change refused")["detail"] == {"account": owner.email, "reason": "wrong password"}
    assert "Too many wrong tries" in change(visitor, PASSWORD), "the right password comes too late"
    refused = last_event("password change refused")
    assert (refused["actor"], refused["detail"]["reason"]) == (owner.email, "locked")
    assert from_address(portal, "203.0.113.20").sign_in(owner.email).status_code == 401, "sign-in has the same lock"


def test_password_forms_share_one_allowance_a_minute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few = Portal(tmp_path, monkeypatch, SIGN_INS_PER_MINUTE="3")
    visitor = few.signed_in(Role.MANAGER)
    codes = [visitor.client.post("/account/password", data={}, headers=OURS).status_code for _ in range(3)]
    assert codes == [400, 400, 429]


def test_the_log_keeps_no_words_typed_by_strangers(portal: Portal) -> None:
    for typed in ("command line", "my secret pass phrase", email_of(Role.MANAGER)[:-1]):
        portal.visitor().sign_in(typed, WRONG)
        row = last_event("sign-in failed")
        assert row["actor"] == "sign-in page"
        assert typed not in str(row)
        assert row["detail"]["account"].startswith("unknown, keyed hash ")
    portal.visitor().sign_in(email_of(Role.PARTNER).upper(), WRONG)
    assert last_event("sign-in failed")["detail"]["account"] == email_of(Role.PARTNER)


@pytest.mark.parametrize(
    ("role", "path"),
    [
        (Role.FUNDER, "/data/rejects/TEST/1.csv"), (Role.FUNDER, "/data/loads.csv?programme=TEST"),
        (Role.MANAGER, "/data/loads.csv?programme=OTHER"), (Role.FUNDER, "/download/days-since-last-patrol.csv"),
    ],
)  # fmt: skip
def test_refused_downloads_are_logged(portal: Portal, role: Role, path: str) -> None:
    assert portal.signed_in(role).get(path).status_code == 403
    row = last_event("download refused")
    assert (row["actor"], row["detail"]) == (email_of(role), {"what": path})


def test_the_list_of_files_is_a_download_like_any_other(portal: Portal) -> None:
    answer = portal.signed_in(Role.MANAGER).get("/data/loads.csv?programme=TEST")
    assert answer.status_code == 200
    assert "notes" not in answer.text.splitlines()[0]
    row = last_event("downloaded")
    assert (row["actor"], row["detail"]["what"]) == (email_of(Role.MANAGER), "list of files")
