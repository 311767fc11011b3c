"""The kinds of file in words, in the order in which a new programme needs them."""

from __future__ import annotations

KIND_NAMES = {
    "pings": "Tracker positions",
    "crimes": "Recorded crime (force extract)",
    "police-uk": "Recorded crime (data.police.uk)",
    "hot-spots": "Boundaries",
    "plan": "Patrol plan",
    "costs": "Costs",
    "engagements": "Enforcement and engagement",
    "weights": "Harm weights",
    "comparators": "Comparators and candidate places",
    "conditions": "Events and weather by day",
    "case-studies": "Case studies",
    "programme": "Programme settings",
}
