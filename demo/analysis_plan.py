"""The demonstration's analysis plan. It is registered after its data, so that the portal calls it retrospective."""

from __future__ import annotations

import json

from demo.calendar import BEFORE, DURING
from demo.offences import EDITION

FILE_NAME = "analysis-plan.toml"
COMPARISON_CITIES = tuple(f"Demonstration city {letter}" for letter in "ABCDEFGH")


def plan_toml() -> str:
    return f'''title = "Leicester city centre, street outreach: demonstration plan"
primary_outcome = "crimes"
comparators = {json.dumps(COMPARISON_CITIES)}
baseline_months = 24
harm_index = "{EDITION}"
harm_cap_days = 0
looks = 10
stopping_rule = "One look a month inside alpha-spending bounds; the service is not stopped for crossing one."

[windows]
before = {{ from = {BEFORE.start}, to = {BEFORE.end} }}
during = {{ from = {DURING.start}, to = {DURING.end} }}

[service_window]
from = "14:00"
to = "20:00"

[seeds]
randomisation = 2026
bootstrap = 2026

[methods]
before-after = "before-after"
comparators = "did"
patrol-days = "patrol-days"
dosage-response = "dosage-linear"
harm = "harm-ppml"
displacement = "wdd"
monitoring = "running-wdd"
'''
