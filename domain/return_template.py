"""Return templates: which fields a fund asks for, in what words, and who signs. Data, not code.

``return_templates/fields.toml`` lists every field that the portal can answer; each other file there is a template that
chooses from them. A programme names its template (``fund.return_template``).
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cache
from pathlib import Path
from typing import Any

from domain.problems import DocumentError

FOLDER = Path(__file__).resolve().parent / "return_templates"
LIBRARY = "fields.toml"
STANDARD = "standard"
FREQUENCIES = ("M", "Q", "M/Q")
# What the cover and the sign-off block are made of, so that no return can go without it.
ALWAYS = (("A", "return_id"), ("A", "reporting_month"), ("K", "prepared"))
# The steps of signing in their order; a fund may do without the certificate and nothing else.
STEPS = ("prepared", "checked", "approved", "certified", "submitted")
CERTIFIED = "certified"
MARKINGS = ("OFFICIAL", "OFFICIAL-SENSITIVE")
_CHANGEABLE = ("label", "frequency", "definition")
_KNOWN = {"name", "version", "title", "about", "sign_off", "sections", "fields", "changes", "defaults"}
_DEFAULTS = {"marking", "handling", "due_day", "targets"}


class ReturnTemplateError(DocumentError):
    """One sentence a line: what is wrong in a template file, where, and what it takes."""


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
class ReturnTemplate:
    """``sections``: letter and title in order; ``fields``: those asked for; ``library``: all that could be.

    ``sign_off``: each step of signing and the fund's words for it. ``defaults``: what a programme that does not say
    otherwise reports with (marking, handling, due_day, targets as in a programme's settings).
    """

    name: str
    version: int
    title: str
    about: str
    sign_off: tuple[tuple[str, str], ...]
    sections: tuple[tuple[str, str], ...]
    fields: tuple[ReturnField, ...]
    library: tuple[ReturnField, ...]
    defaults: Mapping[str, Any] = field(default_factory=dict)

    @property
    def certified(self) -> bool:
        """The chief finance officer certifies before the return is submitted."""
        return CERTIFIED in dict(self.sign_off)

    @property
    def words(self) -> str:
        """ "standard, version 1"."""
        return f"{self.name}, version {self.version}"

    def of(self, section: str) -> tuple[ReturnField, ...]:
        return tuple(f for f in self.fields if f.section == section)

    def asks(self, field: ReturnField) -> bool:
        return any((f.section, f.key) == (field.section, field.key) for f in self.fields)

    def get(self, section: str, key: str) -> ReturnField:
        """The field in the template's words; in the library's where the template does not ask for it."""
        return next(f for f in (*self.fields, *self.library) if (f.section, f.key) == (section, key))


def parse_library(document: Mapping[str, Any]) -> tuple[ReturnField, ...]:
    """Every field that can be asked for; ReturnTemplateError names each entry that cannot be used."""
    names, problems, found = {f.name for f in fields(ReturnField)}, [], []
    for number, entry in enumerate(document.get("fields", ()), 1):
        if set(entry) != names or not all(isinstance(v, str) and v.strip() for v in entry.values()):
            problems.append(f"{LIBRARY}: field {number} needs a text for each of {', '.join(sorted(names))}.")
        elif entry["frequency"] not in FREQUENCIES:
            problems.append(f"{LIBRARY}: {entry['section']} {entry['key']} has a frequency other than M, Q or M/Q.")
        else:
            found.append(ReturnField(**entry))
    twice = {(f.section, f.key) for f in found if sum((g.section, g.key) == (f.section, f.key) for g in found) > 1}
    problems += [f"{LIBRARY}: {section} {key} is there twice." for section, key in sorted(twice)]
    if problems:
        raise ReturnTemplateError(problems)
    return tuple(found)


def parse_template(document: Mapping[str, Any], library: tuple[ReturnField, ...]) -> ReturnTemplate:
    """A template of fields in ``library``; ReturnTemplateError lists everything that is wrong with it."""
    problems = [f"“{key}” is not known in a template." for key in sorted(set(document) - _KNOWN)]
    texts = {key: _text(document, key, problems) for key in ("name", "title", "about")}
    version = document.get("version")
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        problems.append("version: a whole number of 1 or more is needed.")
    sign_off, defaults = _sign_off(document, problems), _defaults(document, problems)
    sections, letters = document.get("sections"), dict.fromkeys(f.section for f in library)
    if (
        not isinstance(sections, Mapping)
        or not sections
        or not all(isinstance(t, str) and t.strip() for t in sections.values())
    ):
        raise ReturnTemplateError([*problems, "sections: a letter and a title for each section are needed."])
    problems += [
        f"sections.{letter}: there is no such section; there are {', '.join(letters)}."
        for letter in sections
        if letter not in letters
    ]
    asked = _asked(document, sections, library, problems)
    asked = _changed(document, asked, problems)
    held = {(f.section, f.key) for f in asked}
    problems += [
        f"The field {section} {key} cannot be left out." for section, key in ALWAYS if (section, key) not in held
    ]
    if problems:
        raise ReturnTemplateError(problems)
    return ReturnTemplate(
        version=int(version or 0), sign_off=sign_off, sections=tuple(sections.items()), fields=tuple(asked),
        library=library, defaults=defaults, **texts,
    )  # fmt: skip


def _text(document: Mapping[str, Any], key: str, problems: list[str], where: str = "") -> str:
    value = document.get(key)
    if not isinstance(value, str) or not value.strip():
        problems.append(f"{where}{key}: a text is needed.")
        return ""
    return value.strip()


def _sign_off(document: Mapping[str, Any], problems: list[str]) -> tuple[tuple[str, str], ...]:
    """(step, the fund's words for it), in the order of signing."""
    given = document.get("sign_off")
    if not isinstance(given, Mapping):
        problems.append(f"sign_off: the words for each step of signing are needed ({', '.join(STEPS)}).")
        return ()
    problems += [
        f"sign_off.{key}: there is no such step; there are {', '.join(STEPS)}." for key in given if key not in STEPS
    ]
    problems += [f"sign_off.{key}: a return needs this step." for key in STEPS if key not in given and key != CERTIFIED]
    return tuple((key, _text(given, key, problems, "sign_off.")) for key in STEPS if key in given)


def _defaults(document: Mapping[str, Any], problems: list[str]) -> Mapping[str, Any]:
    """What a programme that does not say otherwise reports with; targets are checked with the programme's settings."""
    given = document.get("defaults", {})
    if not isinstance(given, Mapping):
        problems.append(f"defaults: a table is needed ({', '.join(sorted(_DEFAULTS))}).")
        return {}
    problems += [
        f"defaults.{key}: not known; there are {', '.join(sorted(_DEFAULTS))}." for key in given if key not in _DEFAULTS
    ]
    if given.get("marking", MARKINGS[0]) not in MARKINGS:
        problems.append(f"defaults.marking: one of {', '.join(MARKINGS)} is needed.")
    day = given.get("due_day", 1)
    if isinstance(day, bool) or not isinstance(day, int) or not 1 <= day <= 28:
        problems.append("defaults.due_day: a day from 1 to 28 is needed.")
    if not isinstance(given.get("handling", ""), str):
        problems.append("defaults.handling: a text is needed.")
    targets = given.get("targets", [])
    if not isinstance(targets, list) or not all(isinstance(t, Mapping) for t in targets):
        problems.append("defaults.targets: a list of tables is needed, as in a programme's settings.")
    return dict(given)


def _list_of_texts(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(v, str) and v.strip() for v in value)


def _asked(
    document: Mapping[str, Any], sections: Mapping[str, str], library: tuple[ReturnField, ...], problems: list[str]
) -> list[ReturnField]:
    """Fields in the template's order; a section without a list of its own holds all of its fields."""
    lists = document.get("fields", {})
    if not isinstance(lists, Mapping):
        problems.append("fields: a list of keys for each section is needed.")
        return []
    problems += [
        f"fields.{letter}: the section is not among the template's." for letter in lists if letter not in sections
    ]
    found: list[ReturnField] = []
    for letter in sections:
        there = {f.key: f for f in library if f.section == letter}
        keys = lists.get(letter, list(there))
        if letter in lists and not _list_of_texts(keys):
            problems.append(f"fields.{letter}: a list of keys is needed.")
            continue
        problems += [
            f"fields.{letter}: “{key}” is not a field; there are {', '.join(there)}."
            for key in keys
            if key not in there
        ]
        if len(set(keys)) < len(keys):
            problems.append(f"fields.{letter}: a key is there twice.")
        found += [there[key] for key in dict.fromkeys(keys) if key in there]
    return found


def _changed(document: Mapping[str, Any], asked: list[ReturnField], problems: list[str]) -> list[ReturnField]:
    """The fields with the template's own label, frequency and definition."""
    entries = document.get("changes", [])
    if not isinstance(entries, list) or not all(isinstance(entry, Mapping) for entry in entries):
        problems.append("changes: a table for each changed field is needed.")
        return asked
    for number, entry in enumerate(entries, 1):
        where = (entry.get("section"), entry.get("key"))
        changes = {key: value for key, value in entry.items() if key not in ("section", "key")}
        at = next((i for i, f in enumerate(asked) if (f.section, f.key) == where), None)
        if at is None:
            problems.append(f"changes, {number}: {where[0]} {where[1]} is not among the template's fields.")
        elif not set(changes) <= set(_CHANGEABLE) or not all(
            isinstance(v, str) and v.strip() for v in changes.values()
        ):
            problems.append(f"changes, {number}: only texts for {', '.join(_CHANGEABLE)} can be changed.")
        elif changes.get("frequency", "M") not in FREQUENCIES:
            problems.append(f"changes, {number}: the frequency is M, Q or M/Q.")
        else:
            asked[at] = replace(asked[at], **changes)
    return asked


@cache
def templates(folder: Path = FOLDER) -> Mapping[str, ReturnTemplate]:
    """Every template by name; ReturnTemplateError names the file and everything that is wrong with it."""
    library = parse_library(tomllib.loads((folder / LIBRARY).read_text(encoding="utf-8")))
    found: dict[str, ReturnTemplate] = {}
    for path in sorted(folder.glob("*.toml")):
        if path.name == LIBRARY:
            continue
        try:
            made = parse_template(tomllib.loads(path.read_text(encoding="utf-8")), library)
        except tomllib.TOMLDecodeError as error:
            raise ReturnTemplateError([f"{path.name}: {error}."]) from None
        except ReturnTemplateError as error:
            raise ReturnTemplateError([f"{path.name}: {problem}" for problem in error.problems]) from None
        if made.name != path.stem:
            raise ReturnTemplateError([f"{path.name}: its name “{made.name}” is not that of the file."])
        found[made.name] = made
    return found
