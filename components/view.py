"""What a page knows while it renders: the viewer, the programme, the filters and how fresh the data are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from domain import formats
from domain.filters import FilterDefaults, Filters
from domain.periods import Period
from domain.programme import Programme
from domain.roles import Permission
from domain.scope import Scope


class AsAt(Protocol):
    """How fresh the data are (``data_access.programmes.data_as_at``)."""

    last_load: datetime | None
    crimes_to: date | None
    pings_to: date | None
    provisional_from: date | None
    weight_edition: str | None


@dataclass(frozen=True)
class View:
    scope: Scope
    programme: Programme
    filters: Filters
    defaults: FilterDefaults
    as_at: AsAt
    query: Mapping[str, str] = field(default_factory=dict)  # what the address asked for beside the filters
    path_code: str = ""  # the hot spot of a page about one hot spot

    def may(self, permission: Permission) -> bool:
        return self.scope.may(permission)

    @property
    def comparison(self) -> Period:
        return self.filters.comparison_period(self.defaults)

    @property
    def comparison_filters(self) -> Filters:
        return self.filters.with_period(self.comparison)

    @property
    def spot_names(self) -> dict[str, str]:
        return dict(self.defaults.hot_spot_names)

    def places(self) -> str:
        """The chosen hot spots by name, or the whole area: what a sentence may speak of."""
        chosen = [self.defaults.hot_spot_names[c] for c in self.filters.hot_spots if c in self.defaults.hot_spot_names]
        return formats.joined(chosen) or self.defaults.area_name

    def sentence(self, compare: bool = False) -> str:
        return self.filters.sentence(self.defaults, compare=compare)

    def data_as_at(self) -> str:
        """ "crimes to 31 Jan 2024, trackers to 31 Jan 2024"; says so when nothing is loaded."""
        parts = []
        if self.as_at.crimes_to:
            parts.append(f"recorded crime to {formats.day(self.as_at.crimes_to)}")
        if self.as_at.pings_to:
            parts.append(f"trackers to {formats.day(self.as_at.pings_to)}")
        return ", ".join(parts) or "no data loaded"
