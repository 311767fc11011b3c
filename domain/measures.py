"""What is counted during patrols, in the return's sections D, E and G. Codes are what extract files use."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Measure:
    code: str
    section: str  # section letter of the monthly return
    label: str


MEASURES: tuple[Measure, ...] = (
    Measure("arrests", "D", "Arrests made in patrol"),
    Measure("stop_and_search", "D", "Stop and searches"),
    Measure("stop_and_search_positive", "D", "Stop and searches with a linked positive outcome"),
    Measure("weapons_search", "D", "Weapons recovered by search"),
    Measure("weapons_sweep", "D", "Weapons recovered by sweep"),
    Measure("weapons_surrender", "D", "Weapons surrendered"),
    Measure("asb_warning", "D", "ASB: informal warnings"),
    Measure("asb_cpn", "D", "ASB: community protection warnings and notices"),
    Measure("asb_dispersal", "D", "ASB: dispersals (s34/s35)"),
    Measure("asb_pspo", "D", "ASB: public spaces protection order breaches"),
    Measure("asb_fpn", "D", "ASB: fixed penalty notices"),
    Measure("asb_cbo", "D", "ASB: criminal behaviour orders"),
    Measure("asb_abc", "D", "ASB: acceptable behaviour contracts"),
    Measure("reports_taken", "D", "Crime and incident reports taken"),
    Measure("intelligence", "D", "Intelligence submissions"),
    Measure("engagement_brief", "E", "Engagements, brief"),
    Measure("engagement_in_depth", "E", "Engagements, in depth"),
    Measure("engagement_positive", "E", "Engagements recorded as positive"),
    Measure("people_engaged", "E", "People engaged, each counted once"),
    Measure("referral_offered", "E", "Referrals offered"),
    Measure("referral_accepted", "E", "Referrals accepted"),
    Measure("safeguarding", "E", "Safeguarding actions"),
    Measure("immediate_justice", "E", "Immediate Justice referrals"),
    Measure("pop_plan_opened", "G", "Problem-oriented policing plans opened"),
    Measure("pop_plan_closed", "G", "Problem-oriented policing plans closed"),
)
BY_CODE = {m.code: m for m in MEASURES}
