"""The programme document: TOML or JSON, validated as a whole."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from datetime import date, time
from typing import Any

from data_access.loading.result import LoadRefused
from data_access.loading.source_file import SourceFile, refuse_unkeepable_text
from domain.programme import Programme, ProgrammeError, parse_programme


def read_document(file: SourceFile) -> dict[str, Any]:
    """TOML or JSON to a dictionary of plain JSON values (dates and times as ISO text)."""
    text = file.text()
    as_json = file.name.casefold().endswith((".json", ".json.gz")) or text.lstrip().startswith("{")
    try:
        document = json.loads(text) if as_json else tomllib.loads(text)
    except (json.JSONDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise LoadRefused(
            f"{file.name} is not {'JSON' if as_json else 'TOML'}: {error}. Mend that place and load again."
        ) from None
    refuse_unkeepable_text(file.name, document)
    if not isinstance(document, Mapping):
        raise LoadRefused(f"{file.name} must hold one table of settings, not a {type(document).__name__}.")
    return plain(document)


def plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value.isoformat() if isinstance(value, date | time) else value


def read_programme(file: SourceFile) -> tuple[dict[str, Any], Programme]:
    """The document and what it says; LoadRefused lists every problem in it."""
    document = read_document(file)
    try:
        return document, parse_programme(document)
    except ProgrammeError as error:
        problems = "\n".join(f"  - {problem}" for problem in error.problems)
        raise LoadRefused(f"{file.name} cannot be used as a programme:\n{problems}") from None
    except (AttributeError, TypeError, KeyError):
        raise LoadRefused(
            f"{file.name} cannot be used as a programme: a table stands where a value belongs, or the reverse. "
            "Compare it with docs/extract-formats.md, “Programme”."
        ) from None
