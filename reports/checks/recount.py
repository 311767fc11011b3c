"""What each place in the return should print, worked out anew from the functions that the dashboards call."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from domain import formats
from reports.checks.printed import NOTE, Place, figures_in, row_names


@dataclass(frozen=True)
class Known:
    """What a place should print: its whole ``text``, or only its ``figures`` in order; ``by``: the function asked."""

    by: str
    text: str | None = None
    figures: tuple[str, ...] = ()


@dataclass
class Recount:
    """Places of one section, gathered field by field."""

    section: str
    names: Sequence[str] = ()
    known: dict[Place, Known] = field(default_factory=dict)

    def fact(
        self, key: str, label: str, value: str, by: str, note: Iterable[str] | None = None, *, words: str | None = None
    ) -> None:
        """``note``: the figures beside the value; ``words``: the whole note. Neither: the note is not looked at."""
        self.known[Place(self.section, key, "fact", label)] = Known(by, value)
        place = Place(self.section, key, "fact", label, column=NOTE)
        if words is not None:
            self.known[place] = Known(by, words)
        elif note is not None:
            self.known[place] = Known(by, figures=numbers(note))

    def table(
        self, key: str, caption: str, head: Sequence[str], rows: Iterable[Sequence[str | None]], by: str, note: str = ""
    ) -> None:
        """``rows``: head and cells, None where a cell holds words that are no result."""
        held = list(rows)
        for row, cells in zip(row_names([str(r[0]) for r in held]), held, strict=True):
            for column, cell in zip(head, cells[1:], strict=True):
                if cell is not None:
                    self.known[Place(self.section, key, "table", caption, row, column)] = Known(by, cell)
        if note:
            self.known[Place(self.section, key, "table", caption, column=NOTE)] = Known(by, note)

    def reading(self, key: str, chart: str, by: str, figures: Iterable[str] = (), *, text: str | None = None) -> None:
        self.known[Place(self.section, key, "reading", chart)] = Known(by, text, numbers(figures))

    def sentence(self, key: str, number: int, by: str, figures: Iterable[str] = (), *, text: str | None = None) -> None:
        self.known[Place(self.section, key, "sentence", f"sentence {number}")] = Known(by, text, numbers(figures))


def numbers(texts: Iterable[str]) -> tuple[str, ...]:
    """The figures among written values: symbols such as [x] hold none."""
    return tuple(f for text in texts for f in figures_in(text))


def written(value: object, decimals: int = 0) -> str:
    """A frame's cell as the return writes it."""
    return formats.number(amount(value), decimals)


def share(value: object, decimals: int = 0) -> str:
    return formats.percent(amount(value), decimals)


def money(value: object, decimals: int = 0) -> str:
    return formats.pounds(amount(value), decimals)


def amount(value: object) -> float | None:
    """A frame's cell as a plain number; None where it is missing."""
    return None if value is None or value != value else float(value)  # type: ignore[arg-type]


def over(above: object, below: object) -> float | None:
    """A ratio; None where either is missing or nothing is divided by."""
    a, b = amount(above), amount(below)
    return None if a is None or not b else a / b


def change(now: object, then: object) -> str:
    """ "−39%", or "" when there is nothing to compare with."""
    ratio = over(now, then)
    return "" if ratio is None else formats.signed_percent(ratio - 1)
