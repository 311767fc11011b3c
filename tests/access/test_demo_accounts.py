"""Demonstration sign-ins: only for DEMO, only on this computer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from access.demo_accounts import PASSPHRASE, NotLoopback, ensure_demo_accounts, sign_ins
from data_access import accounts
from data_access.engine import get_engine, writing
from domain.roles import Role
from tests.factories import Maker
from tests.portal import Portal


@pytest.fixture
def showing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Portal:
    return Portal(tmp_path, monkeypatch, DEMO_ACCOUNTS="1")


def add_demo() -> None:
    with writing().begin() as conn:
        Maker(conn, code="DEMO", name="Demonstration")
        Maker(conn, code="OPEN-PLACE", name="Open place")


def test_none_without_the_demonstration_programme(showing: Portal) -> None:
    assert ensure_demo_accounts(showing.server.config["PORTAL"]) == []
    assert PASSPHRASE not in showing.visitor().get("/sign-in").text


def test_one_a_role_listed_and_working(showing: Portal) -> None:
    add_demo()
    ensure_demo_accounts(showing.server.config["PORTAL"])
    ensure_demo_accounts(showing.server.config["PORTAL"])  # a second run changes nothing
    page = showing.visitor().get("/sign-in").text
    assert PASSPHRASE in page
    for one in sign_ins():
        assert one.email in page
        assert showing.visitor().sign_in(one.email, PASSPHRASE).status_code == 302
    with get_engine().connect() as conn:
        programmes = {one.role: accounts.account_by_email(conn, one.email).programmes for one in sign_ins()}
    assert programmes[Role.FUNDER] == ("DEMO",)
    assert programmes[Role.MANAGER] == programmes[Role.REVIEWER] == ("DEMO", "OPEN-PLACE")


def test_refused_from_another_computer(showing: Portal) -> None:
    add_demo()
    settings = showing.server.config["PORTAL"]
    ensure_demo_accounts(settings)
    visitor = showing.visitor()
    form = {"email": sign_ins()[0].email, "password": PASSPHRASE, "csrf_token": visitor.token()}
    answer = visitor.client.post(
        "/sign-in", data=form, headers={"Sec-Fetch-Site": "same-origin", "Host": "portal.force.example"}
    )
    assert answer.status_code in (400, 401)
    assert PASSPHRASE not in visitor.get("/sign-in", headers={"Host": "portal.force.example"}).text
    for open_to_others in (replace(settings, host="0.0.0.0"), replace(settings, trusted_proxies=1)):
        with pytest.raises(NotLoopback):
            ensure_demo_accounts(open_to_others)
        showing.server.config["PORTAL"] = open_to_others
        assert showing.visitor().sign_in(sign_ins()[0].email, PASSPHRASE).status_code == 401


def test_not_listed_unless_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    quiet = Portal(tmp_path, monkeypatch)
    add_demo()
    ensure_demo_accounts(quiet.server.config["PORTAL"])
    assert PASSPHRASE not in quiet.visitor().get("/sign-in").text
