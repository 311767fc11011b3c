"""Methods of this family, for the catalogue. One programme has no error rate for these: they combine what others found."""

from __future__ import annotations

from analysis.evaluation.catalogue import Method, Use

_QUESTION = "pooling"
METHODS: tuple[Method, ...] = (
    Method("meta-reml", "Meta-analysis over forces, REML", _QUESTION, Use.DEFAULT, "pooling.meta:pooled_record", calibrated=False),
    Method("meta-dl", "Meta-analysis, DerSimonian-Laird", _QUESTION, Use.SENSITIVITY, "pooling.meta:pool", calibrated=False),
    Method("holm", "Many tests: Holm", _QUESTION, Use.SUPPORT, "pooling.multiplicity:holm", calibrated=False),
    Method("benjamini-hochberg", "Many tests: Benjamini-Hochberg", _QUESTION, Use.SUPPORT, "pooling.multiplicity:benjamini_hochberg", calibrated=False),
    Method("power-rate-ratio", "Power for a rate ratio", _QUESTION, Use.SUPPORT, "pooling.power:power_rate_ratio", calibrated=False),
    Method("specification-curve", "Specification curve", _QUESTION, Use.SUPPORT, "pooling.specification:specification_curve", calibrated=False),
    Method("cost-effectiveness", "Cost per crime fewer", _QUESTION, Use.SUPPORT, "pooling.economics:cost_per_fewer", calibrated=False),
)  # fmt: skip
