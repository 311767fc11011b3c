"""Methods of this family, for the catalogue."""

from __future__ import annotations

from analysis.evaluation.catalogue import Method, Use

_Q = "displacement"

METHODS: tuple[Method, ...] = (
    Method("wdd", "Weighted displacement difference", _Q, Use.DEFAULT, "displacement.wdd:wdd"),
    Method("wdd-rings", "Rings around the hot spots as one test", _Q, Use.DEFAULT, "displacement.rings:ring_test"),
    Method("wdd-harm", "Weighted displacement difference of harm", _Q, Use.SENSITIVITY, "displacement.wdd:wdd_harm"),
    Method("wdq", "Weighted displacement quotient", _Q, Use.SENSITIVITY, "displacement.wdq:wdq", False),
    Method(
        "temporal-displacement", "Crime in the hours after the service", _Q, Use.SENSITIVITY,
        "displacement.later:later_crimes",
    ),
)  # fmt: skip
