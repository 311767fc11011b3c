"""What every section reads from: viewer, programme, month, the periods it is compared with, and the version."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from data_access.programmes import AsAt
from data_access.returns.versions import Version
from domain import formats
from domain.filters import FilterDefaults
from domain.periods import Period, add_months, financial_year, month_of, parse_month
from domain.programme import Programme
from domain.return_template import ReturnField, ReturnTemplate
from domain.roles import Permission
from domain.scope import Scope
from reports.model import Chart, DataTable, Entry, Fact, Story
from reports.month import OfMonth

QUARTER_MONTHS = (3, 6, 9, 12)


@dataclass(frozen=True)
class Source(OfMonth):
    scope: Scope
    programme: Programme
    defaults: FilterDefaults
    as_at: AsAt
    month: str
    version: Version
    template: ReturnTemplate

    @property
    def code(self) -> str:
        return self.programme.code

    @property
    def area_word(self) -> str:
        return self.defaults.area_word

    @property
    def due(self) -> date | None:
        return due_date(self.programme, self.month)

    def four_periods(self) -> tuple[tuple[str, Period], ...]:
        """The month, the same month a year before, the year to date, the same part of the year before."""
        last, last_to_date = self.period.year_before(), self.to_date.year_before()
        return (
            (formats.month(self.month), self.period),
            (formats.period(last), last),
            (f"{self.financial_year} to date", self.to_date),
            (f"{financial_year(last_to_date.start)} to the same date", last_to_date),
        )

    def name_of(self, provider: str) -> str:
        return self.programme.provider_name(provider)

    # --- answering a field ---------------------------------------------------------------------------------

    def field(self, section: str, key: str) -> ReturnField:
        return self.template.get(section, key)

    def entry(
        self,
        section: str,
        key: str,
        *,
        facts: tuple[Fact, ...] = (),
        tables: tuple[DataTable, ...] = (),
        charts: tuple[Chart, ...] = (),
        sentences: tuple[str, ...] = (),
        texts: tuple[tuple[str, str], ...] = (),
        stories: tuple[Story, ...] = (),
    ) -> Entry:
        return Entry(self.field(section, key), facts, tables, charts, sentences, texts, stories)

    def missing(self, section: str, key: str, why: str, label: str = "") -> Fact:
        """[x] with the reason; or, for a quarterly field between quarter months, [z] and when it is due."""
        field = self.field(section, key)
        if field.quarterly and not self.is_quarter_month:
            return Fact(
                label or field.label, formats.NOT_APPLICABLE, f"Quarterly field; next due for {self.next_quarter}."
            )
        return Fact(label or field.label, formats.UNAVAILABLE, why)

    @property
    def is_quarter_month(self) -> bool:
        return parse_month(self.month).month in QUARTER_MONTHS

    @property
    def next_quarter(self) -> str:
        first = parse_month(self.month)
        while first.month not in QUARTER_MONTHS:
            first = add_months(first, 1)
        return formats.month(month_of(first))


def whole_document(scope: Scope) -> Scope:
    """A return is one document: whoever may open it opens the same, whatever their dashboards hide."""
    scope.require(Permission.VIEW_RETURNS)
    more = {Permission.SEE_DAYS, Permission.SEE_SMALL_COUNTS, Permission.VIEW_DATA, Permission.VIEW_EVALUATION}
    return replace(scope, permissions=scope.permissions | more | {Permission.INSPECT_EVALUATION})


def due_date(programme: Programme, month: str) -> date | None:
    """When the return of ``month`` is due; None where the fund sets no day."""
    if programme.return_due_day is None:
        return None
    return add_months(parse_month(month), 1).replace(day=programme.return_due_day)


def known(value: object) -> bool:
    """Neither None nor NaN."""
    return value is not None and value == value


def change(now: float | None, then: float | None) -> str:
    """ "−39%", or "" when there is nothing to compare with."""
    if now is None or then is None or not known(now) or not known(then) or then == 0:
        return ""
    return formats.signed_percent(now / then - 1)


def to_number(value: object) -> float | None:
    """A frame's cell as a plain number; None where it is missing."""
    return float(value) if known(value) else None  # type: ignore[arg-type]
