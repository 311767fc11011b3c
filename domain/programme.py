"""A programme's settings: who patrols, how long a visit is planned to be, which windows are compared.

Funds, providers and doses change from year to year, so they are data: a TOML or JSON document
(docs/extract-formats.md) that :func:`parse_programme` turns into these frozen records.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from domain.evaluation_settings import NOTHING_SAID, EvaluationSettings, parse_evaluation
from domain.periods import Period
from domain.problems import DocumentError
from domain.return_template import MARKINGS, STANDARD, templates

PROVIDER_KINDS = ("police dedicated", "police overtime", "police other", "partner")
_CODE = re.compile(r"^[A-Z0-9][A-Z0-9-]{0,39}$")
_PROVIDER_CODE = re.compile(r"^[a-z0-9][a-z0-9-]{0,39}$")


class ProgrammeError(DocumentError):
    """One sentence a line: what is wrong in the programme document, where, and what it takes."""


@dataclass(frozen=True)
class PlannedDose:
    start: date
    minutes: float


@dataclass(frozen=True)
class Provider:
    code: str
    name: str
    kind: str
    planned_dose: tuple[PlannedDose, ...]
    staff_per_patrol: int
    shift_from: time | None = None
    shift_to: time | None = None

    def dose_on(self, day: date) -> float | None:
        """Planned minutes of one visit on ``day``; None before the first dated dose."""
        found = [dose.minutes for dose in self.planned_dose if dose.start <= day]
        return found[-1] if found else None


@dataclass(frozen=True)
class Target:
    measure: str
    financial_year: str
    value: float
    unit: str


@dataclass(frozen=True)
class Window:
    label: str
    period: Period


@dataclass(frozen=True)
class Programme:
    code: str
    name: str
    force: str
    area_name: str
    demonstration: bool
    resolution: str  # "day" or "month": month-only data never yields a day-level figure
    fund: str
    recipient: str
    grant_reference: str
    grant_year: str
    grant_power: str
    award_gbp: float | None
    marking: str
    handling: str
    contact: str
    selection_method: str
    service_name: str
    service_live_from: date | None
    before: Window | None
    during: Window | None
    provisional_weeks: int
    rate_reference_provider: str | None  # the provider whose rate others are compared with
    providers: tuple[Provider, ...]
    targets: tuple[Target, ...]
    source: str  # who made the data, where "the force and its partners" is not right
    data_note: str  # shown beside every figure: snapping, coverage, demonstration
    return_due_day: int | None = None  # day of the following month on which a monthly return is due
    return_template: str = STANDARD  # which fields the fund asks for (domain.return_template)
    briefing_marking: str = "OFFICIAL-SENSITIVE"  # of what shows days, hours and places of recent patrols
    evaluation: EvaluationSettings = NOTHING_SAID

    def provider(self, code: str) -> Provider | None:
        return next((p for p in self.providers if p.code == code), None)

    def provider_name(self, code: str) -> str:
        found = self.provider(code)
        return found.name if found else code

    def baseline_overlap_days(self) -> int:
        """Days of the "before" window on which the service was already live."""
        if not (self.before and self.service_live_from) or self.service_live_from > self.before.period.end:
            return 0
        return self.before.period.overlap_days(Period(self.service_live_from, self.before.period.end))


class SettingsReader:
    """Reads typed values and collects every problem, so that a user mends a file once."""

    def __init__(self) -> None:
        self.problems: list[str] = []

    def text(self, table: Mapping[str, Any], key: str, where: str, default: str | None = None) -> str:
        value = table.get(key, default)
        if not isinstance(value, str) or (default is None and not value.strip()):
            self.problems.append(f"{where}{key}: a text is needed.")
            return default or ""
        return value.strip()

    def number(self, table: Mapping[str, Any], key: str, where: str, default: float | None = None) -> float:
        value = table.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            self.problems.append(f"{where}{key}: a number of 0 or more is needed.")
            return 0.0
        return float(value)

    def day(self, value: Any, where: str) -> date | None:
        if isinstance(value, datetime):
            return value.date()
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(str(value))
        except ValueError:
            self.problems.append(f"{where}: “{value}” is not a date; write YYYY-MM-DD.")
            return None

    def clock(self, value: Any, where: str) -> time | None:
        if value is None or isinstance(value, time):
            return value
        try:
            return time.fromisoformat(str(value))
        except ValueError:
            self.problems.append(f"{where}: “{value}” is not a time; write HH:MM.")
            return None

    def window(self, table: Any, where: str) -> Window | None:
        if table is None:
            return None
        if not isinstance(table, Mapping):
            self.problems.append(f"{where}: needs from, to and label.")
            return None
        start, end = self.day(table.get("from"), f"{where}.from"), self.day(table.get("to"), f"{where}.to")
        if start is None or end is None:
            return None
        if end < start:
            self.problems.append(f"{where}: ends before it starts.")
            return None
        return Window(self.text(table, "label", f"{where}.", ""), Period(start, end))

    def choice(self, value: str, allowed: tuple[str, ...], where: str) -> str:
        if value not in allowed:
            self.problems.append(f"{where}: “{value}” is not one of {', '.join(allowed)}.")
        return value

    def items(self, table: Mapping[str, Any], key: str, where: str) -> list[Any]:
        value = table.get(key, [])
        if isinstance(value, list):
            return value
        self.problems.append(f"{where}{key}: a list is needed.")
        return []

    def texts(self, table: Mapping[str, Any], key: str, where: str) -> tuple[str, ...]:
        found = self.items(table, key, where)
        if all(isinstance(text, str) and text.strip() for text in found):
            return tuple(text.strip() for text in found)
        self.problems.append(f"{where}{key}: every entry must be a text.")
        return ()

    def provider(self, table: Any, where: str) -> Provider:
        table = table if isinstance(table, Mapping) else {}
        code = self.text(table, "code", f"{where}.")
        if not _PROVIDER_CODE.match(code):
            self.problems.append(f"{where}.code: use lower-case letters, digits and hyphens (found “{code}”).")
        doses = []
        for item in table.get("planned_dose", []):
            start = self.day(item.get("from") if isinstance(item, Mapping) else None, f"{where}.planned_dose.from")
            if start is not None:
                doses.append(PlannedDose(start, self.number(item, "minutes", f"{where}.planned_dose.")))
        return Provider(
            code=code,
            name=self.text(table, "name", f"{where}."),
            kind=self.choice(self.text(table, "kind", f"{where}."), PROVIDER_KINDS, f"{where}.kind"),
            planned_dose=tuple(sorted(doses, key=lambda dose: dose.start)),
            staff_per_patrol=max(1, int(self.number(table, "staff_per_patrol", f"{where}.", 1))),
            shift_from=self.clock(table.get("shift_from"), f"{where}.shift_from"),
            shift_to=self.clock(table.get("shift_to"), f"{where}.shift_to"),
        )


def _due_day(r: SettingsReader, fund: Mapping[str, Any], default: int | None) -> int | None:
    if fund.get("return_due_day") is None:
        return default
    found = int(r.number(fund, "return_due_day", "fund."))
    if not 1 <= found <= 28:
        r.problems.append("fund.return_due_day: a day from 1 to 28 is needed.")
    return found


def parse_programme(document: Mapping[str, Any]) -> Programme:
    """Validate a programme document; raise ProgrammeError listing every problem at once."""
    r = SettingsReader()
    fund = document.get("fund", {}) if isinstance(document.get("fund", {}), Mapping) else {}
    service = document.get("service", {}) if isinstance(document.get("service", {}), Mapping) else {}
    windows = document.get("evaluation", {}) if isinstance(document.get("evaluation", {}), Mapping) else {}
    template = r.choice(r.text(fund, "return_template", "fund.", STANDARD), tuple(templates()), "fund.return_template")
    defaults = templates()[template].defaults if template in templates() else {}
    code = r.text(document, "code", "")
    if not _CODE.match(code):
        r.problems.append(f"code: use capitals, digits and hyphens, at most 40 (found “{code}”).")
    providers = tuple(r.provider(p, f"providers[{i}]") for i, p in enumerate(document.get("providers", []), 1))
    codes = [p.code for p in providers]
    if len(set(codes)) < len(codes):
        r.problems.append("providers: two providers share a code.")
    targets = tuple(
        Target(
            r.text(t, "measure", f"targets[{i}]."),
            r.text(t, "financial_year", f"targets[{i}]."),
            r.number(t, "value", f"targets[{i}]."),
            r.text(t, "unit", f"targets[{i}]."),
        )
        for i, t in enumerate(document.get("targets", defaults.get("targets", [])), 1)
    )
    reference = document.get("rate_reference_provider")
    if reference is not None and reference not in codes:
        r.problems.append(f"rate_reference_provider: no provider has the code “{reference}”.")
    live = service.get("live_from")
    award = fund.get("award_gbp")
    programme = Programme(
        code=code,
        name=r.text(document, "name", ""),
        force=r.text(document, "force", ""),
        area_name=r.text(document, "area_name", ""),
        demonstration=document.get("demonstration") is True,
        resolution=r.choice(r.text(document, "resolution", "", "day"), ("day", "month"), "resolution"),
        fund=r.text(fund, "name", "fund.", ""),
        recipient=r.text(fund, "recipient", "fund.", ""),
        grant_reference=r.text(fund, "grant_reference", "fund.", ""),
        grant_year=r.text(fund, "grant_year", "fund.", ""),
        grant_power=r.text(fund, "grant_power", "fund.", ""),
        award_gbp=None if award is None else r.number(fund, "award_gbp", "fund."),
        marking=r.choice(r.text(document, "marking", "", defaults.get("marking", MARKINGS[0])), MARKINGS, "marking"),
        handling=r.text(document, "handling", "", defaults.get("handling", "")),
        contact=r.text(document, "contact", "", ""),
        selection_method=r.text(document, "selection_method", "", ""),
        service_name=r.text(service, "name", "service.", ""),
        service_live_from=None if live is None else r.day(live, "service.live_from"),
        before=r.window(windows.get("before"), "evaluation.before"),
        during=r.window(windows.get("during"), "evaluation.during"),
        provisional_weeks=int(r.number(document, "provisional_weeks", "", 6)),
        rate_reference_provider=reference,
        providers=providers,
        targets=targets,
        source=r.text(document, "source", "", ""),
        data_note=r.text(document, "data_note", "", ""),
        return_due_day=_due_day(r, fund, defaults.get("due_day")),
        return_template=template,
        briefing_marking=r.choice(
            r.text(document, "briefing_marking", "", "OFFICIAL-SENSITIVE"), MARKINGS, "briefing_marking"
        ),
        evaluation=parse_evaluation(r, windows),
    )
    if r.problems:
        raise ProgrammeError(r.problems)
    return programme
