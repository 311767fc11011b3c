"""Is it changing as we look? XmR charts with their own false-alarm rates, and the running WDD inside its bounds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from analysis.evaluation.inputs import Inputs
from analysis.evaluation.monitoring import claim
from analysis.evaluation.monitoring.charts import Chart, chart_of, laney_table, scan_table, xmr_table
from analysis.evaluation.monitoring.funnel import LEVELS, funnel_shares
from analysis.evaluation.monitoring.look import running_look
from analysis.evaluation.monitoring.rebase import Rebase
from analysis.evaluation.monitoring.series import MINIMUM_BASELINE, monthly_series
from analysis.evaluation.record import ResultRecord
from analysis.evaluation.section import Choices, Result, Section

TARGETS = {"": None, "10": 0.9, "20": 0.8, "30": 0.7}
NO_MONTHS = "No recorded crime by month is loaded for the hot spots."


def section(inputs: Inputs, choices: Choices) -> Section:
    """Charts of every series, hot spots compared, and the running comparison; see :mod:`analysis.evaluation.section`.

    ``choices``: "control" ("", "300-500", "comparators") of the running WDD; "target", per cent below the mean of the
    baseline ("", "10", "20", "30"), for the assurance icons.
    """
    target = TARGETS.get(choices.get("target", ""))
    rebases = tuple(Rebase(*one) for one in inputs.rebases)
    # Without a day of service the later window stands for it, so that the months to be judged do not fix the limits.
    start = inputs.live_from or (inputs.during.start if inputs.during else None)
    series = monthly_series(inputs.months, start, harm=not inputs.scored.empty)
    charts = [chart for one in series if (chart := chart_of(one, rebases, target))]
    look = running_look(inputs, choices.get("control", ""))
    records: dict[str, Result] = {"running": look.record}
    tables: dict[str, pd.DataFrame] = {"looks": look.table}
    tables |= {"icons": _icons(charts), "xmr": xmr_table(charts, inputs.provisional_from)}
    tables |= {"laney": laney_table(series[0], inputs.provisional_from) if series else pd.DataFrame()}
    tables |= {"scan": scan_table(series), "funnel": _funnel(inputs.cells)}
    facts = _facts(inputs, charts, len(series), look.facts)
    facts["claim"] = claim.running_claim(look.record, look.facts["control_words"]).sentence
    tried = len(charts) + isinstance(look.record, ResultRecord) + sum(not tables[n].empty for n in ("laney", "funnel"))
    return Section("monitoring", records, tables, facts, tried=tried + len(tables["scan"]))


def _facts(inputs: Inputs, charts: list[Chart], made: int, look: dict[str, Any]) -> dict[str, Any]:
    facts: dict[str, Any] = {**look, "rebases": len(inputs.rebases), "charts": len(charts)}
    if not charts:
        few = f"fewer than {MINIMUM_BASELINE} complete months before the service are loaded, too few to say what is ordinary"
        facts["no_charts"] = inputs.why_empty("months", NO_MONTHS) if not made else f"No chart can be drawn: {few}."
        return facts
    first = charts[0]
    return facts | {
        "false_alarms": first.rate.any_month,
        "false_alarms_drifting": first.drifting.any_month,
        "false_alarm_words": claim.false_alarm_words(first.rate, first.drifting),
        "expected_false": sum(chart.rate.any_month for chart in charts),
        "flagging": sum(chart.flagged > 0 for chart in charts),
        "unsteady": [chart.series.name for chart in charts if chart.unsteady],
    }


def _icons(charts: list[Chart]) -> pd.DataFrame:
    """[chart, name, unit, month, value, variation, assurance, target, centre, lower, upper, flagged, months,
    false_alarms, drifting]: a row a chart, its last known month."""
    return pd.DataFrame([chart.icon() for chart in charts])


def _funnel(cells: pd.DataFrame) -> pd.DataFrame:
    """[hot_spot, before, during, total, ratio, low95, high95, low998, high998, outside, phi]: change over the common one."""
    if cells.empty:
        return pd.DataFrame()
    sums = cells.groupby(["hot_spot", "window"])[["crimes", "exposure_days"]].sum().unstack("window").fillna(0.0)
    both = {"before", "during"} <= set(sums["crimes"].columns)
    if not both:
        return pd.DataFrame()
    before, during = (sums["crimes"][w].to_numpy(float) for w in ("before", "during"))
    days0, days1 = (sums["exposure_days"][w].to_numpy(float) for w in ("before", "during"))
    used = (before + during > 0) & (days0 > 0) & (days1 > 0)
    if used.sum() < 2 or not before[used].sum() or not during[used].sum():
        return pd.DataFrame()
    before, during, days0, days1 = (part[used] for part in (before, during, days0, days1))
    common = (during.sum() / days1.sum()) / (before.sum() / days0.sum())
    share = common * days1 / (common * days1 + days0)
    found = funnel_shares(during, before + during, share)
    frame = pd.DataFrame({
        "hot_spot": sums.index[used].astype(str), "before": before, "during": during, "total": before + during,
        "ratio": found.ratios, "outside": found.outside, "phi": found.phi, "common": common,
    })  # fmt: skip
    for level, name in zip(LEVELS, ("95", "998"), strict=True):
        frame[f"low{name}"], frame[f"high{name}"] = found.limits[level]
    return frame.replace([np.inf], np.nan).sort_values("total", ignore_index=True)
