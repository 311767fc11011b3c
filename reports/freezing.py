"""What the analyst's signature freezes: the contents as printed, their charts, and everything they were made from."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from data_access.returns.signing import Frozen
from domain.return_template import templates
from domain.scope import Scope
from reports.data_files.document import as_document, canonical_bytes, figures_of
from reports.model import ReturnContents
from reports.restated import measures
from settings import ROOT, VERSION

_CODE = ("domain", "analysis", "data_access", "components", "reports")
_KINDS = (".py", ".html", ".css", ".toml")


@cache
def code_version() -> str:
    """ "0.1.0+3f2a…": the portal's version and a hash of the code and templates that make a return."""
    found = hashlib.sha256()
    paths = sorted(p for room in _CODE for p in (ROOT / room).rglob("*") if p.suffix in _KINDS)
    for path in paths:
        found.update(f"{path.relative_to(ROOT).as_posix()}\0".encode() + path.read_bytes() + b"\0")
    return f"{VERSION}+{found.hexdigest()[:16]}"


def contents_sha256(contents: ReturnContents) -> str:
    return _sha256(as_document(contents))


def _sha256(document: Mapping[str, Any]) -> str:
    return hashlib.sha256(canonical_bytes(document)).hexdigest()


def freeze(scope: Scope, contents: ReturnContents, checks: Sequence[Mapping[str, Any]]) -> Frozen:
    """``contents`` as they were shown to whoever signs."""
    name, document = contents.template.split(",")[0], as_document(contents)
    return Frozen(
        contents=document,
        figures=figures_of(contents),
        contents_sha256=_sha256(document),
        data_sha256=contents.data_sha256,
        template_name=name,
        template_version=templates()[name].version,
        code_version=code_version(),
        checks=checks,
        measures=measures(scope, contents.programme_code, [contents.month])[contents.month],
    )
