"""Methods of this family, for the catalogue."""

from __future__ import annotations

from analysis.evaluation.catalogue import Method, Use

_ASKED = "comparators"

METHODS: tuple[Method, ...] = (
    Method("did", "Difference in differences", _ASKED, Use.DEFAULT, "comparators.did:did"),
    Method("sdid", "Synthetic difference in differences", _ASKED, Use.SENSITIVITY, "comparators.synthetic:sdid"),
    Method(
        "wdd-comparators", "Weighted displacement difference against comparators", _ASKED, Use.SENSITIVITY,
        "comparators.differences:wdd_comparators",
    ),
    Method("event-study", "Leads and lags", _ASKED, Use.SENSITIVITY, "comparators.trend:event_study", calibrated=False),
    Method(
        "multiverse", "Every acceptable set of comparators", _ASKED, Use.SENSITIVITY, "comparators.multiverse:multiverse",
        calibrated=False,
    ),
    Method(
        "placebo-places", "Every place as if it had the service", _ASKED, Use.SENSITIVITY,
        "comparators.placebo:placebo_places", calibrated=False,
    ),
    Method(
        "synthetic-control", "Synthetic control", _ASKED, Use.COMPARISON, "comparators.synthetic:synthetic_control",
        calibrated=False,
    ),
    Method("rirr", "Relative incidence rate ratio", _ASKED, Use.COMPARISON, "comparators.rate_ratios:rirr"),
    Method(
        "rirr-phi", "Relative incidence rate ratio, overdispersed", _ASKED, Use.COMPARISON,
        "comparators.rate_ratios:rirr_phi",
    ),
    Method(
        "sdid-plain", "Synthetic difference in differences, plain placebo error", _ASKED, Use.COMPARISON,
        "comparators.synthetic:sdid_plain",
    ),
    Method("twfe", "Two-way fixed effects", _ASKED, Use.COMPARISON, "comparators.twfe:twfe"),
    Method(
        "did-groups", "Two groups of places", _ASKED, Use.SUPPORT, "comparators.groups:did_groups", calibrated=False,
    ),
    Method(
        "overdispersion", "Overdispersion of one series", _ASKED, Use.SUPPORT, "comparators.phi:overdispersion",
        calibrated=False,
    ),
)  # fmt: skip
