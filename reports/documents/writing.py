"""What every document shares: whose it is, how fresh its data are, and the way to its PDF."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import pandas as pd

from components.columns import Column, written
from data_access.programmes import AsAt, data_as_at, filter_defaults, get_programme
from domain.filters import FilterDefaults, Filters
from domain.formats import SYMBOL_NOTES
from domain.periods import Period
from domain.programme import Programme
from domain.scope import Scope
from reports.documents.model import Contents, Measure, Part
from reports.freshness import borrowed_weights, reach
from reports.model import DataTable
from reports.pdf import Drawings, drawings, fill_template, html_to_pdf, metadata
from settings import load_settings

EPOCH = datetime(2000, 1, 1)  # only where nothing at all was ever loaded
STYLES = "documents.css"


@dataclass(frozen=True)
class Reader:
    """Who asks, about which programme: what every part of a document reads from."""

    scope: Scope
    code: str

    @cached_property
    def programme(self) -> Programme:
        return get_programme(self.scope, self.code)

    @cached_property
    def defaults(self) -> FilterDefaults:
        return filter_defaults(self.scope, self.code)

    @cached_property
    def as_at(self) -> AsAt:
        return data_as_at(self.scope, self.code)

    def over(self, period: Period) -> Filters:
        """All hot spots over ``period``."""
        return Filters(self.code, period)


def contents(
    r: Reader, *, key: str, choice: str, kind: str, period: str, lead: Sequence[str], parts: Sequence[Part] = (),
    measures: Sequence[Measure] = (), warnings: Sequence[str] = (), source_notes: Sequence[str] = (),
    moments: Sequence[datetime] = (), with_contents: bool = False,
) -> Contents:  # fmt: skip
    """A document with what all have in common; ``moments``: when else something in it was last changed."""
    p, as_at = r.programme, r.as_at
    return Contents(
        key=key, choice=choice, title=f"{kind}: {p.name}, {period}", kind=kind, period=period, programme_code=p.code,
        programme_name=p.name, force=p.force or p.name,
        marking=f"{p.marking} – {p.handling}" if p.handling else p.marking,
        demonstration=p.demonstration, data_as_at=reach(as_at, with_load=True), data_sha256=as_at.data_sha256,
        made_at=max([EPOCH, *moments, *([as_at.last_load] if as_at.last_load else [])]),
        accent_colour=load_settings().accent_colour, lead=tuple(lead), parts=tuple(parts), measures=tuple(measures),
        warnings=(*borrowed_weights(as_at), *warnings), source_notes=(_source(p), *source_notes), with_contents=with_contents,
    )  # fmt: skip


def _source(p: Programme) -> str:
    demonstration = (
        "Demonstration data: made up to show how the portal works; nothing in it happened. " if p.demonstration else ""
    )
    where = p.source or f"{p.force or 'force'} and provider extracts loaded to the portal"
    return f"{demonstration}Source: {where.rstrip('.')}. Figures are worked out by the portal from those files, by the functions behind its pages."


def table(
    caption: str, frame: pd.DataFrame, columns: Sequence[Column], *, note: str = "", words: Sequence[str] = ()
) -> DataTable:
    """A page's table, cell for cell: suppressed counts read [c] here as there. ``words``: columns that hold text."""
    cells = written(frame, columns)
    texts = tuple(i for i, c in enumerate(columns) if i and (not c.numeric or c.name in words))
    return DataTable(caption, tuple(c.head for c in columns), tuple(tuple(row) for row in cells), texts, note)


def symbol_notes(c: Contents) -> tuple[str, ...]:
    """ "[x] unavailable" for each symbol that the document uses."""
    used = [word.rstrip(".,;:)") for word in c.symbols]
    return tuple(f"{symbol} {meaning}" for symbol, meaning in SYMBOL_NOTES.items() if symbol in used)


def draw(c: Contents, template: str, drawn: Drawings, **values: object) -> bytes:
    """PDF/UA-1 and PDF/A-3a in one file; PdfError when it cannot be made whole."""
    html = fill_template(template, d=c, symbols=symbol_notes(c), **values)
    return html_to_pdf(
        html,
        drawn,
        accent=c.accent_colour,
        metadata=metadata(c.title, c.force, f"{c.marking}. Data {c.data_sha256}.", c.made_at),
        stylesheet=STYLES,
    )


def draw_parts(c: Contents) -> bytes:
    """Any document that is a run of parts."""
    return draw(c, "document_parts.html", drawings(c.charts()))
