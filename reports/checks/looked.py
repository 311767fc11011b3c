"""What the checks look at: the return, who looks, and its data asked for anew, each question once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from data_access import trends
from data_access.areas import hot_spots
from data_access.costs import Finance, cost_by_provider, finance
from data_access.delivery import delivery_table, hot_spot_measures
from data_access.evaluation import summary
from data_access.evaluation.records import EvaluationSummary
from data_access.finance import finance_table
from data_access.patrols import covers, tracker_quality
from data_access.programmes import AsAt, data_as_at, get_programme
from domain.periods import Period
from domain.programme import Programme
from domain.return_template import ReturnTemplate, templates
from domain.scope import Scope
from reports.model import ReturnContents
from reports.month import OfMonth


@dataclass(frozen=True)
class Looked(OfMonth):
    """Periods are in the order of the return's columns: month, a year before, year to date, a year before that."""

    scope: Scope
    contents: ReturnContents
    narrative: Mapping[str, str]

    @property
    def code(self) -> str:
        return self.contents.programme_code

    @property
    def month(self) -> str:
        return self.contents.month

    @cached_property
    def programme(self) -> Programme:
        return get_programme(self.scope, self.code)

    @cached_property
    def template(self) -> ReturnTemplate:
        return templates()[self.programme.return_template]

    @cached_property
    def as_at(self) -> AsAt:
        return data_as_at(self.scope, self.code)

    @cached_property
    def periods(self) -> tuple[Period, Period, Period, Period]:
        return self.period, self.period.year_before(), self.to_date, self.to_date.year_before()

    # --- the dashboards' own functions -------------------------------------------------------------------------

    @cached_property
    def totals(self) -> tuple[dict[str, float], ...]:
        return tuple(trends.totals(self.scope, self.over(p)) for p in self.periods)

    @cached_property
    def is_tracked(self) -> bool:
        return covers(self.scope, self.code, self.period)

    @cached_property
    def delivered(self) -> tuple[pd.Series, ...]:
        """One row a period, of the first three."""
        return tuple(delivery_table(self.scope, self.over(p), ()).iloc[0] for p in self.periods[:3])

    @cached_property
    def by_provider(self) -> pd.DataFrame:
        return delivery_table(self.scope, self.filters, ("provider",))

    @cached_property
    def patrolled_spots(self) -> pd.DataFrame:
        return delivery_table(self.scope, self.filters, ("hot_spot",))

    @cached_property
    def spots(self) -> pd.DataFrame:
        """Hot spots in force in the month, with what the Hot spots page shows of them."""
        shapes = hot_spots(self.scope, self.code)
        start, end = pd.to_datetime(shapes["active_from"]), pd.to_datetime(shapes["active_to"])
        ended, begun = end < pd.Timestamp(self.period.start), start <= pd.Timestamp(self.period.end)
        in_force = shapes[(begun | start.isna()) & ~ended]["code"]
        return self.every_spot[self.every_spot["hot_spot"].isin(in_force)]

    @cached_property
    def every_spot(self) -> pd.DataFrame:
        return hot_spot_measures(self.scope, self.filters, self.periods[1])

    @cached_property
    def rates(self) -> tuple[pd.DataFrame, ...]:
        return tuple(cost_by_provider(self.scope, self.over(p)) for p in self.periods[:3])

    @cached_property
    def money(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """The Costs page's table of the grant: the month's, and a year before; lines by name."""
        months = (self.month, self.last_year_month)
        return tuple(finance_table(self.scope, self.code, m).set_index("line") for m in months)  # type: ignore[return-value]

    @cached_property
    def finance(self) -> tuple[Finance, Finance]:
        return finance(self.scope, self.code, self.month), finance(self.scope, self.code, self.last_year_month)

    @cached_property
    def trackers(self) -> pd.DataFrame:
        return tracker_quality(self.scope, self.filters)

    @cached_property
    def evaluation(self) -> EvaluationSummary:
        return summary.evaluation_summary(self.scope, self.code)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names that may hold digits and are no figures."""
        p = self.programme
        held = [
            p.name,
            p.area_name,
            p.force,
            p.fund,
            p.recipient,
            self.as_at.weight_edition or "",
            self.as_at.weight_basis or "",
        ]
        held += [x.name for x in p.providers] + list(self.every_spot["hot_spot_name"])
        return tuple(sorted({n for n in held if n}, key=len, reverse=True))
