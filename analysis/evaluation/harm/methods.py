"""Methods of this family, for the catalogue."""

from __future__ import annotations

from analysis.evaluation.catalogue import Method, Use

_Q = "harm"

METHODS: tuple[Method, ...] = (
    Method("harm-ppml", "Harm on patrol days (PPML)", _Q, Use.DEFAULT, "harm.patrol:harm_ppml"),
    Method("harm-ri", "Harm on patrol days, days shuffled", _Q, Use.DEFAULT, "harm.patrol:harm_ri"),
    Method("harm-split", "Harm as number x severity", _Q, Use.DEFAULT, "harm.split:harm_split"),
    Method("harm-capped", "Harm with each crime capped at 365 days", _Q, Use.SENSITIVITY, "harm.leverage:capped"),
    Method("harm-leverage", "Harm without the gravest crimes", _Q, Use.SENSITIVITY, "harm.leverage:without_top", False),
    Method("harm-bootstrap", "Harm, whole weeks drawn again", _Q, Use.SENSITIVITY, "harm.bootstrap:week_bootstrap"),
    Method("harm-as-counts", "Harm days read as counts", _Q, Use.COMPARISON, "harm.as_counts:harm_as_counts"),
)
