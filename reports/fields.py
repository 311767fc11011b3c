"""What a return must hold: sections and fields read once from ``templates/return_fields.toml``."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

TEMPLATES = Path(__file__).resolve().parent / "templates"
FREQUENCIES = ("M", "Q", "M/Q")


@dataclass(frozen=True)
class ReturnField:
    section: str
    key: str
    label: str
    type: str
    frequency: str
    definition: str

    @property
    def quarterly(self) -> bool:
        """Asked for in quarter months only."""
        return self.frequency == "Q"


@dataclass(frozen=True)
class FieldList:
    sections: dict[str, str]  # letter -> title, in order
    fields: tuple[ReturnField, ...]

    def of(self, section: str) -> tuple[ReturnField, ...]:
        return tuple(f for f in self.fields if f.section == section)

    def get(self, section: str, key: str) -> ReturnField:
        return next(f for f in self.fields if (f.section, f.key) == (section, key))


@lru_cache(maxsize=1)
def field_list() -> FieldList:
    """The fields of the return; ValueError names the first entry that cannot be used."""
    document = tomllib.loads((TEMPLATES / "return_fields.toml").read_text(encoding="utf-8"))
    sections = dict(document["sections"])
    fields = tuple(ReturnField(**entry) for entry in document["fields"])
    for field in fields:
        if field.section not in sections or field.frequency not in FREQUENCIES:
            raise ValueError(f"return_fields.toml: {field.section} {field.key} has an unknown section or frequency.")
    if len({(f.section, f.key) for f in fields}) < len(fields):
        raise ValueError("return_fields.toml: two fields share a section and a key.")
    return FieldList(sections, fields)
