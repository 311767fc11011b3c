"""Methods of this family, for the catalogue."""

from __future__ import annotations

from analysis.evaluation.catalogue import Method, Use

_QUESTION = "before and after"
METHODS: tuple[Method, ...] = (
    Method(
        "before-after", "Before and after on hot spot-months", _QUESTION, Use.DEFAULT,
        "before_after.ratio:before_after_ratio",
    ),
    Method(
        "exact-conditional", "Exact conditional interval of two counts", _QUESTION, Use.SENSITIVITY,
        "before_after.counts:exact_conditional",
    ),
    Method("e-test", "E-test of two Poisson rates", _QUESTION, Use.SENSITIVITY, "before_after.etest:e_test"),
    Method("its", "Interrupted time series", _QUESTION, Use.SENSITIVITY, "before_after.its:its"),
    Method("placebo-dates", "Placebo dates", _QUESTION, Use.SENSITIVITY, "before_after.placebo:placebo_dates"),
    Method(
        "tipping-point", "Tipping point: how far comparators would have to fall", _QUESTION, Use.SENSITIVITY,
        "before_after.tipping:tipping_point", calibrated=False,
    ),
    Method(
        "rtm", "Regression to the mean over candidate places", _QUESTION, Use.SUPPORT,
        "before_after.rtm:regression_to_mean", calibrated=False,
    ),
    Method(
        "rate-ratio-tests", "Tests of a rate ratio (Gu et al.)", _QUESTION, Use.COMPARISON,
        "before_after.rates:rate_ratio_tests",
    ),
    Method("naive-change", "Plain percentage change", _QUESTION, Use.COMPARISON, "before_after.rates:naive_change"),
)  # fmt: skip
