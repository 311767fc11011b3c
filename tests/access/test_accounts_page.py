"""What an administrator can do to accounts, and what an administrator cannot."""

from __future__ import annotations

import pytest

from access.passwords import hash_password
from data_access import accounts
from data_access.accounts import AccountError
from data_access.engine import get_engine
from domain.roles import Role
from domain.scope import OutOfScope, scope_for, server_scope
from tests.portal import OURS, PASSWORD, Portal, email_of, heading


def find(email: str) -> accounts.Account | None:
    with get_engine().connect() as conn:
        return accounts.account_by_email(conn, email)


def test_add_change_and_disable_an_account(portal: Portal) -> None:
    admin = portal.signed_in(Role.ADMINISTRATOR)
    new = {"email": "New.Person@test.example", "name": "New Person", "role": "manager", "password": PASSWORD}
    admin.form("/accounts/add", "/accounts", **new, **{"programme-TEST": "on"})
    assert "The account new.person@test.example is added." in admin.page("/accounts").text
    made = find("new.person@test.example")
    assert (made.role, made.programmes) == (Role.MANAGER, ("TEST",))
    admin.form(
        "/accounts/change", "/accounts", email=made.email, role="reviewer", password="", **{"programme-OTHER": "on"}
    )
    changed = find(made.email)
    assert (changed.role, changed.programmes) == (Role.REVIEWER, ("OTHER",))
    admin.form("/accounts/active", "/accounts", email=made.email, active="no")
    assert not find(made.email).active


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("email", "not-an-address", "is not an e-mail address"),
        ("role", "king", "Choose a role"),
        ("password", "short", "at least 12 characters"),
        ("name", " ", "Give the person"),
    ],
)
def test_what_cannot_be_added_says_why(portal: Portal, field: str, value: str, said: str) -> None:
    admin = portal.signed_in(Role.ADMINISTRATOR)
    form = {"email": "x@test.example", "name": "X", "role": "funder", "password": PASSWORD, field: value}
    admin.form("/accounts/add", "/accounts", **form)
    assert said in admin.page("/accounts").text
    assert find(form["email"]) is None


def test_the_last_administrator_stays(portal: Portal) -> None:
    for change in (
        lambda: accounts.set_active(server_scope(), email_of(Role.ADMINISTRATOR), False),
        lambda: accounts.set_role(server_scope(), email_of(Role.ADMINISTRATOR), Role.FUNDER),
    ):
        with pytest.raises(AccountError, match="last active administrator"):
            change()


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMINISTRATOR])
def test_nobody_else_manages_accounts(portal: Portal, role: Role) -> None:
    visitor = portal.signed_in(role)
    assert heading(visitor.page("/accounts")) == "You do not have access"
    for path in ("/accounts/add", "/accounts/change", "/accounts/active"):
        assert visitor.client.post(path, data={}, headers=OURS).status_code == 403
    with pytest.raises(OutOfScope):
        accounts.list_accounts(scope_for(email_of(role), role, frozenset({"TEST"})))


def test_a_password_is_one_s_own_to_change(portal: Portal) -> None:
    scope = scope_for(email_of(Role.FUNDER), Role.FUNDER, frozenset({"TEST"}))
    with pytest.raises(OutOfScope):
        accounts.set_password(scope, email_of(Role.ADMINISTRATOR), hash_password(PASSWORD))


def test_unknown_programme_is_named_with_those_there_are(portal: Portal) -> None:
    with pytest.raises(AccountError, match=r"No programme has the code “NOWHERE”. Programmes loaded: TEST, OTHER"):
        accounts.set_programmes(server_scope(), email_of(Role.FUNDER), ["NOWHERE"])
