"""A whole portal on a real database in a temporary folder, and browsers' requests to it without a browser."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from domain.roles import Role

PASSWORD = "quiet harbour lantern"
OURS = {"Origin": "http://localhost"}
# Words that stand in the database and must reach nobody who may not see the programme.
DATA_WORDS = ("Test city", "Clock Tower", "Hidden town", "Secret Square")
ROUTER = {"..​_pages_content.children..._pages_store.data..".replace("\u200b", "")}


SECOND_MANAGER = "second-manager@test.example"  # nobody checks their own return


def email_of(role: Role) -> str:
    return f"{role.value.replace(' ', '-')}@test.example"


class Portal:
    """One running portal; ``env`` are its settings."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, **env: str) -> None:
        defaults = {"DATA_DIR": str(folder), "SECRET_KEY": "for-tests", "SIGN_INS_PER_MINUTE": "100000"}
        for name in ("DATABASE_URL", "HTTPS", "DEMO_ACCOUNTS", "HOST", "TILE_URL", "TRUSTED_PROXIES"):
            monkeypatch.delenv(name, raising=False)
        for name, value in {**defaults, **env}.items():
            monkeypatch.setenv(name, value)
        from app import create_app

        self.server: Flask = create_app()
        _fill()

    def visitor(self) -> Visitor:
        return Visitor(self.server)

    def signed_in(self, role: Role, email: str = "") -> Visitor:
        visitor = self.visitor()
        answer = visitor.sign_in(email or email_of(role))
        assert answer.status_code == 302, answer.text
        return visitor

    @property
    def dash(self) -> Any:
        from dash import get_app

        return get_app()


class Visitor:
    """Someone with a browser: keeps cookies, sends the headers a browser sends."""

    def __init__(self, server: Flask) -> None:
        self.client: FlaskClient = server.test_client()

    def get(self, path: str, **kwargs: Any) -> TestResponse:
        return self.client.get(path, **kwargs)

    def token(self, path: str = "/sign-in") -> str:
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', self.get(path).text)
        return found[1] if found else ""

    def sign_in(self, email: str, password: str = PASSWORD, **more: str) -> TestResponse:
        form = {"email": email, "password": password, "csrf_token": self.token(), **more}
        return self.client.post("/sign-in", data=form, headers=OURS)

    def page(self, path: str, search: str = "") -> TestResponse:
        """What Dash asks for when a person opens ``path``."""
        return self.callback(
            next(iter(ROUTER)),
            [("_pages_location", "pathname", path), ("_pages_location", "search", search)],
            outputs=[("_pages_content", "children"), ("_pages_store", "data")],
        )

    def callback(
        self, output: str, inputs: list[tuple[Any, str, Any]], state: list[tuple[Any, str, Any]] = (),
        outputs: list[tuple[str, str]] = (), headers: dict[str, str] | None = None,
    ) -> TestResponse:  # fmt: skip
        named = [{"id": i, "property": p} for i, p in outputs]
        body = {
            "output": output,
            "outputs": named
            if output.startswith("..") or not named
            else named[0],  # as Dash sends one output and several
            "inputs": [{"id": i, "property": p, "value": v} for i, p, v in inputs],
            "state": [_sent(one) for one in state],
            "changedPropIds": [f"{inputs[0][0]}.{inputs[0][1]}"] if inputs else [],
        }
        return self.client.post("/_dash-update-component", json=body, headers=OURS if headers is None else headers)

    def form(self, path: str, page: str, **fields: str) -> TestResponse:
        """Post a form of a Dash page, with the token that page carries."""
        shown = json.dumps(self.page(page).get_json())
        found = re.search(r'"name": "csrf_token"[^}]*"value": "([^"]+)"', shown) or re.search(
            r'"value": "([^"]+)"[^}]*"name": "csrf_token"', shown
        )
        return self.client.post(path, data={"csrf_token": found[1] if found else "", **fields}, headers=OURS)


def _sent(one: Any) -> Any:
    """A component's property as Dash sends it; a list of them for a pattern."""
    if isinstance(one, list):
        return [_sent(each) for each in one]
    element, prop, value = one
    return {"id": element, "property": prop, "value": value}


def heading(answer: TestResponse) -> str:
    """The text of the first h1 of a page answer."""

    def walk(node: Any) -> str | None:
        if isinstance(node, dict):
            if node.get("type") == "H1":
                return text_of(node)
            return next(filter(None, map(walk, node.values())), None)
        if isinstance(node, list):
            return next(filter(None, map(walk, node)), None)
        return None

    return walk(answer.get_json()) or ""


def text_of(node: Any) -> str:
    if isinstance(node, dict):
        return text_of(node.get("props", {}).get("children"))
    if isinstance(node, list):
        return "".join(map(text_of, node))
    return "" if node is None else str(node)


def _fill() -> None:
    from access.passwords import hash_password
    from data_access import accounts
    from data_access.engine import writing
    from domain.scope import server_scope
    from tests.factories import Maker

    with writing().begin() as conn:
        mine = Maker(conn)
        mine.areas()
        days = [date(2023, month, 5) for month in range(2, 12)]
        mine.crimes(
            [{"day": day, "minute": 900, "spot": "HS1", "harm": 10.0} for day in days],
            period=(date(2022, 1, 1), date(2023, 12, 31)),
        )
        other = Maker(conn, code="OTHER", name="Hidden town", area_name="Hidden town centre", demonstration=False)
        other.areas([("S1", "Secret Square")])
    hashed = hash_password(PASSWORD)
    for role, email in [*((role, email_of(role)) for role in Role), (Role.MANAGER, SECOND_MANAGER)]:
        accounts.add_account(
            server_scope(), email=email, name=f"Person {email.split('@')[0].replace('-', ' ')}", role=role,
            programmes=["TEST"], password_hash=hashed,
        )  # fmt: skip
