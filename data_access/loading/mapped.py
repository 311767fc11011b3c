"""Tables whose columns have any names: text or a workbook, read by a mapping and by obvious names."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from data_access.loading.mapping import NAMES, Mapping, columns_of, header_key
from data_access.loading.result import LoadRefused
from data_access.loading.source_file import SourceFile
from data_access.loading.table import Rows, column_key, read_text
from data_access.loading.workbook import read_workbook

Groups = tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Needs:
    """What a kind of table must say: every one of ``required``, and of each of ``one_of`` one whole group."""

    kind: str  # of mapping.NAMES
    required: tuple[str, ...]
    one_of: tuple[Groups, ...]

    def sentence(self) -> str:
        choices = [" or ".join(" + ".join(group) for group in groups) for groups in self.one_of]
        return "; ".join((*self.required, *choices))

    def lacking(self, found: dict[str, str]) -> list[str]:
        missing = [name for name in self.required if name not in found]
        missing += [
            " or ".join(" + ".join(group) for group in groups)
            for groups in self.one_of
            if not any(all(name in found for name in group) for group in groups)
        ]
        return missing


def read_mapped(file: SourceFile, mapping: Mapping, needs: Needs) -> Rows:
    """Text or a workbook -> Rows whose columns have the canonical names; a note says which column was taken for what."""
    taken: dict[str, str] = {}

    def keys_of(header: list[str], told_apart: str) -> list[str]:
        found = columns_needed(file.name, mapping, needs, header, told_apart)
        taken.clear()
        taken.update(found)
        keys = _keys(header, found, needs.kind)
        # Of a workbook's rows the whole row is shown where one is rejected; a text has its lines for that.
        return keys if file.is_workbook else [key if header[i] in found.values() else "" for i, key in enumerate(keys)]

    if file.is_workbook:
        wanted = frozenset(column_key(name) for name in NAMES[needs.kind])
        rows = read_workbook(file, mapping.sheet, keys_of, wanted)
    else:
        rows = read_text(file, keys_of)
    renamed = [
        f"{name} from “{header.strip()}”" for name, header in taken.items() if column_key(header) != column_key(name)
    ]
    if renamed:
        rows.notes.insert(0, f"Columns taken: {', '.join(renamed)}.")
    return rows


def columns_needed(
    file_name: str, mapping: Mapping, needs: Needs, header: list[str], told_apart: str
) -> dict[str, str]:
    """Canonical name -> header; LoadRefused where the header lacks what is needed."""
    found = columns_of(mapping, header, needs.kind, file_name)
    lacking = needs.lacking(found)
    if lacking:
        listed = ", ".join(cell.strip() for cell in header if cell.strip())[:600] or "none"
        raise LoadRefused(
            f"{file_name} has no column for {'; nor for '.join(lacking)}. Needed: {needs.sentence()}. "
            f"Found ({told_apart}): {listed}. If they are called something else, say so with --mapping FILE."
        )
    _refuse_twice(file_name, header, found, mapping)
    return found


def _keys(header: list[str], found: dict[str, str], kind: str) -> list[str]:
    """Canonical names for the columns found; other columns keep their own, but never a canonical one."""
    canonical = {cell: name for name, cell in found.items()}
    reserved = {column_key(name) for name in NAMES[kind]}
    keys: list[str] = []
    for i, cell in enumerate(header):
        name = canonical.pop(cell, None)
        key = column_key(name if name is not None else cell)
        keys.append(key if name is not None or not (key in reserved or key in keys) else f"{key}#{i}")
    return [key or f"#{i}" for i, key in enumerate(keys)]


def _refuse_twice(file_name: str, header: list[str], found: dict[str, str], mapping: Mapping) -> None:
    """Two columns of one name: which was meant is not for the portal to guess."""
    counts = Counter(header_key(cell) for cell in header)
    twice = [
        cell
        for name, cell in found.items()
        if counts[header_key(cell)] > 1 and (name not in mapping.columns or header.count(cell) > 1)
    ]
    if twice:
        raise LoadRefused(
            f"{file_name} names the column {', '.join(c.strip() for c in twice)} twice. Keep one of them, or name the "
            "one that is meant in a mapping file, and load again."
        )
