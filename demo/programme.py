"""The demonstration's programme document."""

from __future__ import annotations

from demo.calendar import BEFORE, DURING, LONGER_DOSE_FROM, SELECTION, SERVICE_FROM

AWARD_GBP = 268_000
CODE = "DEMO"
SEED = 20230213


def programme_toml() -> str:
    return f'''code = "{CODE}"
name = "Leicester city centre"
force = "Leicestershire Police"
area_name = "Leicester city centre"
demonstration = true
resolution = "day"
marking = "OFFICIAL"
provisional_weeks = 6
rate_reference_provider = "police-overtime"
contact = "Demonstration contact, partnership analysis team"
selection_method = "Seven places chosen for serious violence in public over three years; invented for the demonstration."
data_note = "Demonstration data: invented crimes, patrols and costs in invented outlines. Crimes sit on shared map points."

[fund]
name = "Grip (demonstration)"
recipient = "Police and Crime Commissioner (demonstration)"
grant_reference = "DEMO-GRIP-2023-24"
grant_year = "2023-24"
grant_power = ""
award_gbp = {AWARD_GBP}
return_due_day = 15

[service]
name = "Street outreach"
live_from = {SERVICE_FROM}

[evaluation]
before = {{ from = {BEFORE.start}, to = {BEFORE.end}, label = "47 weeks before" }}
during = {{ from = {DURING.start}, to = {DURING.end}, label = "47 weeks of service" }}
selection = {{ from = {SELECTION.start}, to = {SELECTION.end} }}

[[providers]]
code = "outreach"
name = "Street outreach"
kind = "partner"
staff_per_patrol = 2
shift_from = "14:00"
shift_to = "20:00"
planned_dose = [ {{ from = {SERVICE_FROM}, minutes = 15 }}, {{ from = {LONGER_DOSE_FROM}, minutes = 40 }} ]

[[providers]]
code = "police-dedicated"
name = "Police dedicated team"
kind = "police dedicated"
staff_per_patrol = 2
shift_from = "16:00"
shift_to = "23:00"
planned_dose = [ {{ from = {SERVICE_FROM}, minutes = 15 }} ]

[[providers]]
code = "police-overtime"
name = "Police overtime"
kind = "police overtime"
staff_per_patrol = 2
shift_from = "20:00"
shift_to = "01:00"
planned_dose = [ {{ from = {SERVICE_FROM}, minutes = 15 }} ]

[[targets]]
measure = "patrol person-hours"
financial_year = "2022-23"
value = 1400
unit = "hours"

[[targets]]
measure = "patrol person-hours"
financial_year = "2023-24"
value = 3200
unit = "hours"
'''
