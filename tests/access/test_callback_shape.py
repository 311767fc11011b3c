"""What is sent to the callback endpoint is checked before Dash sees it: never a 500 for a strange request."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.roles import Role
from tests.portal import OURS, Portal, Visitor

PATH = "/_dash-update-component"
PAGE = {
    "output": ".._pages_content.children..._pages_store.data..",
    "outputs": [{"id": "_pages_content", "property": "children"}, {"id": "_pages_store", "property": "data"}],
    "inputs": [
        {"id": "_pages_location", "property": "pathname", "value": "/methods"},
        {"id": "_pages_location", "property": "search", "value": ""},
    ],
    "changedPropIds": ["_pages_location.pathname"],
    "state": [],
}  # fmt: skip


@pytest.fixture(scope="module")
def visitor(portal: Portal) -> Visitor:
    return portal.signed_in(Role.MANAGER)


def send(visitor: Visitor, body: Any) -> int:
    return visitor.client.post(PATH, json=body, headers=OURS).status_code


def test_what_our_pages_send_passes(visitor: Visitor) -> None:
    assert send(visitor, PAGE) == 200


@pytest.mark.parametrize(
    "body",
    [
        {}, [], None, "text", 7, {"output": "nope"}, {"output": ["x"]}, {"output": PAGE["output"]},
        {**PAGE, "state": None}, {**PAGE, "state": "text"}, {**PAGE, "state": [None]}, {**PAGE, "state": {"a": 1}},
        {**PAGE, "state": PAGE["inputs"]}, {**PAGE, "inputs": None}, {**PAGE, "inputs": [None, None]},
        {**PAGE, "inputs": PAGE["inputs"][::-1]}, {**PAGE, "inputs": [[], []]}, {**PAGE, "inputs": [{}, {}]},
        {**PAGE, "outputs": None}, {**PAGE, "outputs": []}, {**PAGE, "outputs": PAGE["outputs"][::-1]}, {**PAGE, "outputs": "x"}, {**PAGE, "outputs": [1, 2]}, {**PAGE, "outputs": [{}]},
        {**PAGE, "changedPropIds": None}, {**PAGE, "changedPropIds": "x"}, {**PAGE, "changedPropIds": [[]]},
    ],
)  # fmt: skip
def test_other_shapes_are_refused_with_words(visitor: Visitor, body: Any) -> None:
    answer = visitor.client.post(PATH, json=body, headers=OURS)
    assert answer.status_code == 400
    assert "Reload the page" in answer.get_json()["error"]


@pytest.mark.parametrize("sent", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"output": NaN'])
def test_what_is_not_json_is_refused(visitor: Visitor, sent: bytes) -> None:
    answer = visitor.client.post(PATH, data=sent, content_type="application/json", headers=OURS)
    assert answer.status_code == 400
    assert visitor.client.post(PATH, data=sent, content_type="text/plain", headers=OURS).status_code == 400


def test_a_request_of_over_a_megabyte_is_refused(visitor: Visitor) -> None:
    large = json.loads(json.dumps(PAGE))
    large["inputs"][1]["value"] = "x" * (1 << 20)
    answer = visitor.client.post(PATH, json=large, headers=OURS)
    assert answer.status_code == 413
    assert "MAX_UPLOAD_MB" not in answer.text, "no setting changes this limit"
    large["inputs"][1]["value"] = "x" * (1 << 19)
    assert send(visitor, large) == 200


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "property", "value"]), inner),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(part=st.sampled_from(sorted(PAGE)), value=JSON)
def test_no_shape_ends_in_a_500(visitor: Visitor, part: str, value: Any) -> None:
    assert send(visitor, {**PAGE, part: value}) in (200, 400)
