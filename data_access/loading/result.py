"""What a load is asked (options), what it answers (result), and how it says no (refusal)."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from data_access.loading.mapping import Mapping

LOADED = "loaded"
ALREADY_LOADED = "already loaded"
REPLACED = "replaced"


class LoadRefused(ValueError):
    """The file as a whole cannot be used: what is wrong, where, what to do. Nothing has changed."""


class NoTable(LoadRefused):
    """The file is of a sort that holds no data, whatever its columns are said to be."""


@dataclass(frozen=True)
class LoadOptions:
    """What a file cannot say about itself. Empty text means "not given"."""

    source: str = ""
    provider: str = ""
    team: str = ""
    code_property: str = ""
    name_property: str = ""
    edition: str = ""
    index: str = ""
    basis: str = ""
    # How the file's columns are called, and what else it leaves unsaid (mapping_of puts the options over it).
    mapping: Mapping | None = None
    sheet: str = ""
    crs: str = ""
    # Replace what the file's months cover even where its days do not reach as far as the older file's.
    replace: bool = False
    # Load once more a file that a newer one has replaced since (going back is never done silently).
    again: bool = False


@dataclass(frozen=True)
class LoadResult:
    """The reconciliation of one file: ``read = loaded + duplicate + rejected``."""

    programme: str
    kind: str
    file_name: str
    load_id: int | None
    status: str  # loaded | already loaded | replaced
    read: int
    loaded: int
    duplicate: int
    rejected: int
    period: tuple[str, str] | None = None  # first and last day, ISO
    difference: dict[str, Any] | None = None
    notes: list[str] = field(default_factory=list)
    examples: list[dict[str, Any]] = field(
        default_factory=list
    )  # the first rejected rows: row_number, field, reason, raw

    def as_dict(self) -> dict[str, Any]:
        return asdict(self) | {"period": list(self.period) if self.period else None}
