"""Methods of this family, for the catalogue.

The charts print their own false-alarm rates, simulated for their own length; the table of error rates holds the running WDD.
"""

from __future__ import annotations

from analysis.evaluation.catalogue import Method, Use

_QUESTION = "monitoring"
METHODS: tuple[Method, ...] = (
    Method("running-wdd", "Running WDD inside its bounds", _QUESTION, Use.DEFAULT, "monitoring.running:running_in_bounds"),
    Method("xmr", "XmR chart with the NHS rules", _QUESTION, Use.DEFAULT, "monitoring.xmr:xmr", calibrated=False),
    Method("alpha-spending", "Alpha spending: bounds for several looks", _QUESTION, Use.SUPPORT, "monitoring.spending:spending_bounds", calibrated=False),
    Method("laney-u", "Laney u' chart", _QUESTION, Use.SENSITIVITY, "monitoring.laney:laney_u", calibrated=False),
    Method("naus-scan", "Naus scan: the busiest stretch", _QUESTION, Use.SENSITIVITY, "monitoring.scan:naus_scan", calibrated=False),
    Method("funnel", "Funnel plot of hot spots", _QUESTION, Use.SENSITIVITY, "monitoring.funnel:funnel_shares", calibrated=False),
)  # fmt: skip
