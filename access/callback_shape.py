"""What a browser may send to Dash's callback endpoint: as large and of the shape that our own pages send.

Dash trusts the shape, so anything else would end in the middle of it, as a 500.
"""

from __future__ import annotations

import json
from typing import Any

from flask import abort, request
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

ENDPOINT = "/_dash-update-component"
MAX_BYTES = 1 << 20  # the largest of ours, a narrative of seven fields, is under 0.1 MB


def check_callback() -> None:
    """413 for a request that is too large, 400 for one that no page of ours sends."""
    request.max_content_length = MAX_BYTES
    try:
        body = request.get_json()
    except (BadRequest, UnsupportedMediaType):
        abort(400, "The request is not JSON. Reload the page and try again.")
    except RecursionError:
        abort(400, "The request is nested too deeply. Reload the page and try again.")
    if not fits(body):
        abort(400, "The request is not one that this page sends. Reload the page and try again.")


def fits(body: Any) -> bool:
    """Whether the body names a callback we have, with exactly its inputs, states and outputs."""
    from dash import get_app  # commands import this room and do not pay for Dash

    output = body.get("output") if isinstance(body, dict) else None
    known = get_app().callback_map.get(output) if isinstance(output, str) else None
    if known is None:
        return False
    changed = body.get("changedPropIds", [])
    return (
        isinstance(changed, list)
        and all(isinstance(name, str) for name in changed)
        and _each_fits(body.get("inputs", []), known["inputs"])
        and _each_fits(body.get("state", []), known["state"])
        and _outputs_fit(output, body.get("outputs", []))
    )


def _each_fits(given: Any, declared: list[dict[str, str]]) -> bool:
    return (
        isinstance(given, list)
        and len(given) == len(declared)
        and all(_fits_one(one, its) for one, its in zip(given, declared, strict=True))
    )


def _fits_one(given: Any, declared: dict[str, str]) -> bool:
    if not declared["id"].startswith("{"):
        return _names_one(given) and (given["id"], given["property"]) == (declared["id"], declared["property"])
    # A pattern: one component, or a list of all that match it; their ids have the pattern's keys.
    keys = json.loads(declared["id"]).keys()
    return all(
        _names_one(one)
        and isinstance(one["id"], dict)
        and one["id"].keys() == keys
        and one["property"] == declared["property"]
        for one in (given if isinstance(given, list) else [given])
    )


def _names_one(given: Any) -> bool:
    return (
        isinstance(given, dict) and isinstance(given.get("id"), str | dict) and isinstance(given.get("property"), str)
    )


def _outputs_fit(output: str, given: Any) -> bool:
    """One output as an object, several as a list, in the order of the callback's name."""
    several = output.startswith("..")
    names = output[2:-2].split("...") if several else [output]
    outputs = given if several else [given]
    return (
        isinstance(outputs, list)
        and len(outputs) == len(names)
        and all(_fits_name(one, name) for one, name in zip(outputs, names, strict=True))
    )


def _fits_name(given: Any, name: str) -> bool:
    if name.startswith("{"):
        return all(_names_one(one) for one in (given if isinstance(given, list) else [given]))
    return _names_one(given) and f"{given['id']}.{given['property']}".split("@")[0] == name.split("@")[0]
