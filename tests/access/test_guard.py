"""The guard, the origin check and the headers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from access.headers import tile_host
from domain.roles import Role
from tests.portal import OURS, Portal, Visitor

FOREIGN = [
    {"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {},
    {"Origin": "null"}, {"Origin": "http://localhost.evil.example"}, {"Origin": "https://localhost"},
    {"Sec-Fetch-Site": "none", "Origin": "https://evil.example"}, {"Sec-Fetch-Site": "none", "Origin": "null"},
    {"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example"},
]  # fmt: skip


@pytest.mark.parametrize("headers", FOREIGN)
def test_a_foreign_site_may_not_post(portal: Portal, headers: dict[str, str]) -> None:
    visitor = portal.signed_in(Role.MANAGER)
    answer = visitor.callback("x.children", [("_pages_location", "pathname", "/")], headers=headers)
    assert answer.status_code == 403
    assert visitor.client.post("/sign-out", headers=headers).status_code == 403
    assert visitor.get("/_dash-layout").status_code == 200, "a refused sign-out must not sign out"


def test_our_own_pages_may_post(portal: Portal) -> None:
    visitor = portal.signed_in(Role.MANAGER)
    for headers in (OURS, {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "same-origin", **OURS}):
        assert visitor.callback("shell-header.children", [("x", "y", None)], headers=headers).status_code != 403


def test_behind_a_proxy_that_keeps_https_our_pages_may_post(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    visitor = Portal(tmp_path, monkeypatch, HTTPS="1").visitor()
    assert visitor.client.post("/sign-out", headers={"Origin": "https://localhost"}).status_code == 302
    assert visitor.client.post("/sign-out", headers={"Origin": "http://localhost"}).status_code == 403


def test_an_address_without_a_page_says_so_to_programs_too(portal: Portal) -> None:
    visitor = portal.signed_in(Role.MANAGER)
    assert visitor.get("/nowhere").status_code == 404
    assert "_dash-config" in visitor.get("/nowhere").text, "a person still gets the page with its links"
    for known in ("/", "/trends", "/trends/", "/hot-spots/HS1", "/data"):
        assert visitor.get(known).status_code == 200, known


def test_a_form_without_its_token_is_refused(portal: Portal) -> None:
    visitor = portal.signed_in(Role.MANAGER)
    answer = visitor.client.post("/account/password", data={"current": "x"}, headers=OURS)
    assert answer.status_code == 400
    assert "reload the page" in answer.get_json()["error"]


@pytest.mark.parametrize("path", ["/", "/trends", "/nowhere", "/download/x.csv", "/accounts"])
def test_anonymous_pages_lead_to_sign_in(portal: Portal, path: str) -> None:
    answer = portal.visitor().get(path)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/sign-in")


def test_anonymous_fetch_gets_401_and_no_data(portal: Portal) -> None:
    visitor = portal.visitor()
    for path in ("/_dash-layout", "/_dash-dependencies", "/_reload-hash"):
        answer = visitor.get(path)
        assert answer.status_code == 401
        assert answer.get_json() == {"error": "Sign in to continue.", "sign_in": "/sign-in"}
    assert visitor.page("/trends").status_code == 401
    assert visitor.get("/trends", headers={"Sec-Fetch-Dest": "empty"}).status_code == 401


def test_the_policy_is_exact(portal: Portal) -> None:
    answer = portal.signed_in(Role.FUNDER).get("/")
    said = answer.headers["Content-Security-Policy"]
    hashes = re.findall(r"'sha256-[A-Za-z0-9+/=]+'", said)
    assert hashes
    assert said == (
        f"default-src 'self'; script-src 'self' {' '.join(hashes)}; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; worker-src 'self' blob:; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    )


def test_every_inline_script_has_its_hash(portal: Portal) -> None:
    import base64
    import hashlib

    answer = portal.signed_in(Role.FUNDER).get("/")
    scripts = [body for head, body in re.findall(r"<script([^>]*)>(.*?)</script>", answer.text, re.S) if body.strip()]
    runs = [body for body in scripts if not body.strip().startswith("{")]  # _dash-config is JSON, not script
    assert runs
    for body in runs:
        digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in answer.headers["Content-Security-Policy"], body[:80]


def test_other_headers_and_cookie(portal: Portal) -> None:
    visitor = portal.visitor()
    answer = visitor.get("/sign-in")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Strict-Transport-Security" not in answer.headers
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie
    assert "Expires" not in cookie


def test_the_page_names_no_other_host(portal: Portal) -> None:
    for answer in (portal.signed_in(Role.FUNDER).get("/"), portal.visitor().get("/sign-in")):
        assert not re.search(r'(?:src|href|action)="(?:https?:)?//', answer.text)
        assert 'lang="en-GB"' in answer.text
        assert 'class="skip-link"' in answer.text


def test_https_and_tiles_change_the_headers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tiles = "https://{s}.tiles.force.example/{z}/{x}/{y}.png"
    secure = Portal(tmp_path, monkeypatch, HTTPS="1", TILE_URL=tiles)
    answer = secure.visitor().get("/sign-in", base_url="https://localhost")
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert "Secure" in answer.headers["Set-Cookie"]
    assert "img-src 'self' data: blob: https://*.tiles.force.example;" in answer.headers["Content-Security-Policy"]
    assert tile_host("javascript:alert(1)") == ""


def test_mcp_stays_closed_whatever_the_environment_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DASH_MCP_ENABLED", "true")
    portal = Portal(tmp_path, monkeypatch)
    assert not [rule.rule for rule in portal.server.url_map.iter_rules() if "mcp" in rule.rule]
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    anyone: Visitor = portal.visitor()
    assert anyone.client.post("/_mcp", json=body, headers=OURS).status_code == 401
    assert portal.signed_in(Role.MANAGER).client.post("/_mcp", json=body, headers=OURS).status_code == 405


def test_a_page_of_another_programme_does_not_open(portal: Portal) -> None:
    visitor = portal.signed_in(Role.FUNDER)
    answer = visitor.get("/_dash-layout", headers={"Referer": "http://localhost/trends?programme=OTHER"})
    assert "Hidden town" not in answer.text
    answer = visitor.callback(
        "..shell-header.children...shell-nav.children...shell-banner.children..",
        [("_pages_location", "search", "?programme=OTHER")],
        outputs=[(f"shell-{part}", "children") for part in ("header", "nav", "banner")],
    )
    assert answer.status_code == 200
    assert "Hidden town" not in answer.text
    footer = visitor.callback(
        "shell-footer.children",
        [("_pages_location", "pathname", "/trends"), ("_pages_location", "search", "?programme=OTHER")],
        outputs=[("shell-footer", "children")],
    )
    assert footer.status_code == 200
    assert "Hidden town" not in footer.text


def test_unknown_address_and_unexpected_error_have_words(portal: Portal) -> None:
    visitor = portal.signed_in(Role.FUNDER)
    assert "Page not found" in visitor.page("/nowhere").text
    answer = visitor.client.post("/_dash-update-component", data="not json", headers={**OURS, "Accept": "text/html"})
    assert "Traceback" not in answer.text


def test_health_says_nothing_but_that_it_is_well(portal: Portal) -> None:
    answer = portal.visitor().get("/healthz")
    assert (answer.status_code, answer.get_json()) == (200, {"status": "ok"})


def test_an_administrator_starts_at_the_accounts(portal):
    answer = portal.signed_in(Role.ADMINISTRATOR).get("/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/accounts")
    assert portal.signed_in(Role.FUNDER).get("/").status_code == 200
