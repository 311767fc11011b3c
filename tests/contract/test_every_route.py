"""Walk every page, callback and route: each has a permission, and only who has it gets anything.

The lists of exceptions are exact: a new route or callback without a permission fails here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import dash
import pytest
from werkzeug.routing import Rule

from access.guard import PUBLIC_ENDPOINTS
from components.block import BLOCKS
from domain.roles import PERMISSIONS, Permission, Role
from tests.portal import DATA_WORDS, OURS, ROUTER, Portal, Visitor, heading

# Dash's own, for any signed-in viewer; what they lead to (pages, callbacks) has its own permission.
DASH_ENDPOINTS = {
    "/", "/<path:path>", "/_dash-layout", "/_dash-dependencies", "/_dash-update-component", "/_reload-hash",
}  # fmt: skip


def pages() -> list[dict[str, Any]]:
    return list(dash.page_registry.values())


def page_path(page: dict[str, Any]) -> str:
    return re.sub("<.*?>", "HS1", page["path_template"] or page["path"])


def callbacks(portal: Portal) -> dict[str, dict[str, Any]]:
    """Those that run on the server."""
    return {key: entry for key, entry in portal.dash.callback_map.items() if entry.get("callback")}


def routes(portal: Portal) -> list[Rule]:
    return [rule for rule in portal.server.url_map.iter_rules() if rule.endpoint not in PUBLIC_ENDPOINTS]


def our_routes(portal: Portal) -> list[Rule]:
    return [rule for rule in routes(portal) if rule.endpoint not in DASH_ENDPOINTS]


def address(rule: Rule) -> str:
    """The route with something in each variable: a number where it wants one."""
    return re.sub(r"<(?:(\w+)(?:\([^)]*\))?:)?\w+>", lambda m: "1" if m[1] == "int" else "2023-10", rule.rule)


def required(function: Any) -> Permission | None:
    return getattr(function, "required_permission", None)


def ask(visitor: Visitor, key: str, entry: dict[str, Any]) -> Any:
    """Send the request the page would send, with nothing in the controls."""

    def filled(parts: list[dict[str, Any]]) -> list[tuple[Any, str, Any]]:
        return [(json.loads(p["id"]) if p["id"].startswith("{") else p["id"], p["property"], None) for p in parts]

    names = key[2:-2].split("...") if key.startswith("..") else [key]
    outputs = [tuple(name.split("@")[0].rsplit(".", 1)) for name in names]
    return visitor.callback(key, filled(entry["inputs"]), filled(entry["state"]), outputs)


def assert_no_data(answer: Any) -> None:
    found = [word for word in DATA_WORDS if word in answer.text]
    assert not found, f"{found} in an answer {answer.status_code}"


def test_there_is_something_to_walk(portal: Portal) -> None:
    assert len(pages()) >= 10
    assert len(callbacks(portal)) >= 5
    assert our_routes(portal)
    assert BLOCKS


def test_every_page_names_its_permission(portal: Portal) -> None:
    assert [page["path"] for page in pages() if required(page["layout"]) is None] == []


def test_every_callback_names_its_permission(portal: Portal) -> None:
    bare = {key for key, entry in callbacks(portal).items() if required(entry["callback"]) is None}
    assert bare == ROUTER


def test_every_route_names_its_permission(portal: Portal) -> None:
    views = portal.server.view_functions
    assert {rule.endpoint for rule in routes(portal) if required(views[rule.endpoint]) is None} == DASH_ENDPOINTS


def test_public_routes_are_the_ones_we_mean(portal: Portal) -> None:
    assert {rule.rule for rule in portal.server.url_map.iter_rules() if rule.endpoint in PUBLIC_ENDPOINTS} == {
        "/sign-in", "/sign-out", "/healthz", "/assets/<path:filename>", "/_favicon.ico",
        "/_dash-component-suites/<string:package_name>/<path:fingerprinted_path>",
    }  # fmt: skip


def test_anonymous_gets_nothing_anywhere(portal: Portal) -> None:
    visitor = portal.visitor()
    for rule in routes(portal):
        for method in rule.methods - {"OPTIONS", "HEAD"}:
            answer = visitor.client.open(address(rule), method=method, headers=OURS)
            assert answer.status_code in ((302, 401) if method == "GET" else (401,)), f"{method} {rule.rule}"
            assert_no_data(answer)
    for page in pages():
        for answer in (visitor.get(page_path(page)), visitor.page(page_path(page))):
            assert answer.status_code in (302, 401)
            assert_no_data(answer)
    for key, entry in callbacks(portal).items():
        answer = ask(visitor, key, entry)
        assert answer.status_code == 401, key
        assert_no_data(answer)
    for block in BLOCKS:
        answer = visitor.get(f"/download/{block}.csv")
        assert answer.status_code == 302
        assert_no_data(answer)


def lacking(role: Role) -> Iterator[Permission]:
    return (permission for permission in Permission if permission not in PERMISSIONS[role])


@pytest.mark.parametrize("role", list(Role))
def test_wrong_role_gets_no_page(portal: Portal, role: Role) -> None:
    visitor, wrong = portal.signed_in(role), set(lacking(role))
    for page in pages():
        answer = visitor.page(page_path(page))
        assert answer.status_code == 200
        title = heading(answer)
        assert title, f"{page['path']} has no h1"
        if required(page["layout"]) in wrong:
            assert title == "You do not have access", page["path"]
            assert_no_data(answer)
        else:
            assert title not in ("You do not have access", "This page could not be shown"), page["path"]


@pytest.mark.parametrize("role", list(Role))
def test_wrong_role_gets_no_callback(portal: Portal, role: Role) -> None:
    visitor, wrong = portal.signed_in(role), set(lacking(role))
    for key, entry in callbacks(portal).items():
        if required(entry["callback"]) in wrong:
            answer = ask(visitor, key, entry)
            assert answer.status_code == 403, key
            assert_no_data(answer)


@pytest.mark.parametrize("role", list(Role))
def test_wrong_role_gets_no_route(portal: Portal, role: Role) -> None:
    visitor, wrong = portal.signed_in(role), set(lacking(role))
    for rule in our_routes(portal):
        if required(portal.server.view_functions[rule.endpoint]) not in wrong:
            continue
        for method in rule.methods - {"OPTIONS", "HEAD"}:
            answer = visitor.client.open(address(rule), method=method, headers=OURS)
            assert answer.status_code == 403, f"{method} {rule.rule}"
            assert_no_data(answer)


@pytest.mark.parametrize("role", list(Role))
def test_wrong_role_gets_no_download(portal: Portal, role: Role) -> None:
    visitor, wrong = portal.signed_in(role), set(lacking(role))
    for block in BLOCKS.values():
        answer = visitor.get(f"/download/{block.id}.csv?programme=TEST")
        if block.permission in wrong:
            assert answer.status_code == 403, block.id
            assert_no_data(answer)
        else:
            # 409: the viewer may, but these data or this role go no finer than a month.
            assert answer.status_code in (200, 403, 409), block.id


@pytest.mark.parametrize("role", list(Role))
def test_another_programme_stays_closed(portal: Portal, role: Role) -> None:
    """The programme OTHER is in no test account's list."""
    visitor = portal.signed_in(role)
    hidden = ("Hidden town", "Secret Square")
    for page in pages():
        answer = visitor.page(page_path(page), "?programme=OTHER")
        # Administrators give programmes to people, so that one page names them all.
        if page["path"] != "/accounts":
            assert not any(word in answer.text for word in hidden), page["path"]
    for block in BLOCKS:
        answer = visitor.get(f"/download/{block}.csv?programme=OTHER")
        assert answer.status_code in (403, 404), block
        assert not any(word in answer.text for word in hidden), block


def test_a_query_parameter_does_not_override_the_path(portal: Portal) -> None:
    visitor = portal.signed_in(Role.MANAGER)
    templates = [page for page in pages() if page["path_template"]]
    assert templates
    for page in templates:
        variable = re.findall("<(.*?)>", page["path_template"])[0]
        honest = visitor.page(page_path(page))
        forged = visitor.page(page_path(page), f"?{variable}=HS2")
        assert heading(forged) == heading(honest)
        assert "HS1" in json.dumps(forged.get_json()) or "Clock Tower" in forged.text


def test_unknown_and_repeated_parameters_do_no_harm(portal: Portal) -> None:
    visitor = portal.signed_in(Role.MANAGER)
    for page in pages():
        answer = visitor.page(page_path(page), "?utm_source=x&programme=TEST&programme=OTHER&from=&to=never&spots=%27")
        assert answer.status_code == 200, page["path"]
        assert heading(answer) not in ("", "This page could not be shown"), page["path"]


def test_dependencies_name_no_data(portal: Portal) -> None:
    assert_no_data(portal.signed_in(Role.ADMINISTRATOR).get("/_dash-dependencies"))
