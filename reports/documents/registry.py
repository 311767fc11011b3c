"""Every document that the portal makes beside the return and the briefing, in the order in which readers are shown them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from domain.roles import Permission
from domain.scope import Scope
from reports.documents import board, quarterly, reviewer, year_end
from reports.documents.model import Document

# Whoever has none of these has no business on the page or the route either.
BASE_PERMISSION = Permission.VIEW_OVERVIEW
DOCUMENTS: Mapping[str, Document] = MappingProxyType(
    {d.key: d for d in (board.DOCUMENT, quarterly.DOCUMENT, year_end.DOCUMENT, reviewer.DOCUMENT)}
)


def documents_for(scope: Scope) -> list[Document]:
    """Those that this viewer may have."""
    return [d for d in DOCUMENTS.values() if scope.may(d.permission)]


def file_stem(code: str, key: str, choice: str) -> str:
    """ "demo-quarterly-2023-24-q3": what downloads are called."""
    return f"{code}-{key}-{choice}".lower()
