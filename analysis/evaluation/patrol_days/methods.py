"""Methods of this family, for the catalogue."""

from __future__ import annotations

from analysis.evaluation.catalogue import Method, Use

_DAYS, _DOSE = "patrol days", "dosage"

METHODS: tuple[Method, ...] = (
    Method("patrol-days", "Patrol days against other days", _DAYS, Use.DEFAULT, "patrol_days.model:patrol_days"),
    Method("patrol-days-ri", "Whole days shuffled", _DAYS, Use.SENSITIVITY, "patrol_days.randomisation:patrol_days_ri"),
    Method("patrol-days-week", "Clustered by week", _DAYS, Use.SENSITIVITY, "patrol_days.variants:patrol_days_week"),
    Method(
        "patrol-days-spot-effects", "Hot spot effects only", _DAYS, Use.SENSITIVITY,
        "patrol_days.variants:patrol_days_spot_effects",
    ),
    Method("patrol-days-itt", "Planned patrols", _DAYS, Use.SENSITIVITY, "patrol_days.variants:patrol_days_itt"),
    Method("patrol-days-lags", "Earlier patrols", _DAYS, Use.SENSITIVITY, "patrol_days.controls:patrol_days_lags"),
    Method("negative-controls", "Negative controls", _DAYS, Use.SENSITIVITY, "patrol_days.controls:negative_controls"),
    Method("patrol-days-pooled", "All days in one pot", _DAYS, Use.COMPARISON, "patrol_days.variants:patrol_days_pooled"),
    Method(
        "patrol-days-cluster-spot", "Clustered by hot spot", _DAYS, Use.COMPARISON,
        "patrol_days.variants:patrol_days_cluster_spot",
    ),
    Method("patrol-days-t-test", "t test on daily counts", _DAYS, Use.COMPARISON, "patrol_days.variants:patrol_days_t_test"),
    Method(
        "aoristic", "Crimes without an exact time", _DAYS, Use.SUPPORT, "patrol_days.aoristic:window_weights",
        calibrated=False,
    ),
    Method("dosage-linear", "Ten minutes more", _DOSE, Use.DEFAULT, "patrol_days.dosage:dosage_linear"),
    Method("dosage-categories", "Doses in categories", _DOSE, Use.SENSITIVITY, "patrol_days.dosage:dosage_categories"),
    Method("dosage-spline", "A curve over minutes", _DOSE, Use.SENSITIVITY, "patrol_days.dosage:dosage_spline"),
    Method("dosage-itt", "Ten planned minutes more", _DOSE, Use.SENSITIVITY, "patrol_days.dosage:dosage_itt"),
    Method("dosage-phases", "Two planned doses", _DOSE, Use.COMPARISON, "patrol_days.dosage_phases:dosage_phases"),
)  # fmt: skip
