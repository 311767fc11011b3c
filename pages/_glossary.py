"""Definitions the Methods page shows: the portal's words, used the same way everywhere."""

from __future__ import annotations

from domain import formats

DOSAGE: tuple[tuple[str, str], ...] = (
    (
        "Visit",
        "One continuous presence of one patrol inside a hot spot boundary on one local day, after the counting rules, and "
        "at least as long as the shortest visit that they allow.",
    ),
    (
        "Patrol-minutes",
        "Minutes with one or more people of a patrol present. A pair for 15 minutes is 15 patrol-minutes. Research "
        "counts these.",
    ),
    (
        "Person-minutes and person-hours",
        "Minutes or hours summed over people. A pair for 15 minutes is 30 person-minutes. The Home Office counts "
        "person-hours; both are always shown.",
    ),
    ("Planned dose", "Minutes one visit is planned to last. It differs by provider and can change on a date."),
    (
        "Dose delivered",
        "GPS-verified patrol-minutes as a share of planned minutes. Walking between hot spots takes time, so 100% of a "
        "shift is not possible.",
    ),
    ("Compliance", "Visits at or over the planned dose, as a share of visits."),
    ("Coverage", "Hot spot-days with any patrol, as a share of hot spot-days."),
    ("Days since last patrol", "Whole days since a hot spot was last visited; 4 or more is flagged."),
    ("Unallocated minutes", "Minutes with GPS outside every hot spot boundary."),
    ("Provider overlap", "Minutes with two providers in the same hot spot at once; planned to be near 0."),
    ("Abstraction", "Planned minutes that were not delivered because the patrol was taken elsewhere, with the reason."),
    (
        "GPS-verified and self-reported",
        "Minutes proved by trackers, and minutes written down. Never added together silently.",
    ),
    ("Extended patrol activities", "Time away on custody or reports that began on patrol; a line of its own."),
)

CRIME: tuple[tuple[str, str], ...] = (
    (
        "Recorded crime",
        "Crimes in the loaded extracts whose place lies inside a hot spot boundary, by point in polygon.",
    ),
    (
        "Anti-social behaviour incidents",
        "Counted apart from crimes. They have no harm weight and are never scored.",
    ),
    (
        "Harm",
        "Each crime's weight in days: for the Cambridge Crime Harm Index, the starting-point sentence of a first "
        "offender. Total harm is the number of crimes times harm per crime, and is always shown split.",
    ),
    (
        "Not scored",
        "A crime whose offence has no weight in the loaded edition. Listed and counted, never taken as 0 or 1.",
    ),
    ("Edition", "Weights change between editions; figures from two editions are never compared."),
    (
        "Provisional",
        "The last weeks of recorded crime, when records are still arriving. Shaded on charts; later loads revise them.",
    ),
    ("Service window", "The hours of the service's shift. Patrol days are judged by crimes that began inside it."),
    ("Hot spot-day", "One hot spot on one local day."),
)

SYMBOLS: tuple[tuple[str, str], ...] = (
    (formats.NOT_APPLICABLE, "Not applicable."),
    (formats.UNAVAILABLE, "Unavailable: not loaded, or cannot be worked out."),
    (formats.CONFIDENTIAL, "Confidential: a count of 1 to 4, or one that would give such a count away."),
    (formats.LOW, "Rounds to 0 but is not 0."),
    (formats.UNRELIABLE, "Low reliability."),
    ("0", "A true zero."),
)

LEDGERS: tuple[tuple[str, str], ...] = (
    (
        "Delivery cost avoided (cashable)",
        "The comparison rate less the provider's rate, times the minutes delivered. Real only if those minutes would "
        "otherwise have been bought.",
    ),
    (
        "Police response cost avoided (opportunity cost)",
        "Officer time that could be used elsewhere. No money comes back.",
    ),
    (
        "Social cost of crime avoided (mostly not cashable)",
        "Home Office unit costs, with the interval of the difference in crimes carried through. The upper end can be “no saving”.",
    ),
)
