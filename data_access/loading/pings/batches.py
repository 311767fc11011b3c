"""What a reader of positions gives: batches in canonical form, and every row that is not in them with its reason."""

from __future__ import annotations

import re
from collections.abc import Mapping as Known
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from analysis.dosage.tables import PingBatch

NAME_LIMIT = 60
_BLANKS = re.compile(r"\s+")
_UNKEEPABLE = re.compile("[\0\ud800-\udfff]")


class Reject(NamedTuple):
    row_number: int  # as the file counts: line 1 is the header, a GPX counts its points from 1
    field: str
    reason: str
    raw: str


@dataclass(frozen=True)
class ReadBatch:
    """Some rows of a file, in its order: ``read == len(pings) + len(duplicates) + len(rejects)``.

    ``numbers`` and ``duplicates`` hold row numbers; ``accuracy_m`` is None where the file gives none.
    """

    pings: PingBatch
    numbers: NDArray[np.int64] | range
    accuracy_m: NDArray[np.float32] | None
    duplicates: NDArray[np.int64]
    rejects: list[Reject]

    @property
    def read(self) -> int:
        return len(self.pings) + len(self.duplicates) + len(self.rejects)


@dataclass
class Names:
    """What the codes of device and team mean; grows while the file is read, codes never change.

    A device is one tracker of one provider, a team one team of one provider.
    """

    devices: list[tuple[str, str]] = field(default_factory=list)  # provider, device
    teams: list[tuple[str, str]] = field(default_factory=list)  # provider, team
    _device: dict[tuple[str, str], int] = field(default_factory=dict, repr=False)
    _team: dict[tuple[str, str], int] = field(default_factory=dict, repr=False)

    def device(self, provider: str, name: str) -> int:
        return _code(self._device, self.devices, (provider, name))

    def team(self, provider: str, name: str) -> int:
        return _code(self._team, self.teams, (provider, name))


def _code(codes: dict[tuple[str, str], int], listed: list[tuple[str, str]], key: tuple[str, str]) -> int:
    code = codes.get(key)
    if code is None:
        code = codes[key] = len(listed)
        listed.append(key)
    return code


@dataclass(frozen=True)
class Said:
    """What the user said of the file, and whom the programme knows (None: anybody may be a provider)."""

    provider: str
    team: str
    device: str
    providers: Known[str, str] | None = None  # code -> name
    needs_team: bool = False

    def named(self, what: str, text: str) -> tuple[str, str]:
        """(the name that is kept, why it cannot be): blanks made single, providers by their code."""
        name = _BLANKS.sub(" ", text.strip()) or getattr(self, what)
        if what == "provider":
            return self._provider(name)
        if not name and (what == "device" or self.needs_team):
            return "", f"The row names no {what}."
        return name, _unfit(name, what)

    def _provider(self, name: str) -> tuple[str, str]:
        if self.providers is None:
            return name, _unfit(name, "provider")
        wanted = name.casefold()
        for code, label in self.providers.items():
            if wanted in (code.casefold(), label.casefold()):
                return code, ""
        shown = f"“{name[:NAME_LIMIT]}”" if name else "An empty cell"
        listed = ", ".join(self.providers) or "none yet"
        return "", f"{shown} is not a provider of this programme. Known: {listed}."


def _unfit(name: str, what: str) -> str:
    if len(name) > NAME_LIMIT:
        return f"The {what} is longer than {NAME_LIMIT} characters."
    return f"The {what} holds a character that cannot be kept." if _UNKEEPABLE.search(name) else ""
