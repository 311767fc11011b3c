"""Offences of the demonstration, how common each is, and its demonstration weight in days.

Codes and titles follow the Home Office classification. The weights are invented in the shape of the
Cambridge Crime Harm Index (days of a starting-point sentence); they are not the official scores.
"""

from __future__ import annotations

from dataclasses import dataclass

ASB_GROUP = "Anti-social behaviour"
ASB_TITLES = ("Nuisance behaviour", "Street drinking", "Begging", "Rowdy or inconsiderate behaviour")
INDEX_NAME = "Demonstration harm index"
EDITION = "Demonstration weights"
BASIS = (
    "Demonstration values in days, in the shape of the Cambridge Crime Harm Index; they are not the official scores."
)


@dataclass(frozen=True)
class Offence:
    code: str
    title: str
    group: str
    harm_days: int | None  # None: no weight in the file, so the portal lists it as not scored
    mix: float  # share of crimes in hot spots, per thousand
    rhythm: str  # night | day | any


OFFENCES: tuple[Offence, ...] = (
    Offence("5D", "Assault with intent to cause serious harm", "Violence with injury", 1460, 24, "night"),
    Offence("8P", "Inflicting grievous bodily harm", "Violence with injury", 547, 34, "night"),
    Offence("8N", "Assault occasioning actual bodily harm", "Violence with injury", 20, 170, "night"),
    Offence("8M", "Racially or religiously aggravated assault with injury", "Violence with injury", 91, 8, "night"),
    Offence("105A", "Common assault and battery", "Violence without injury", 3, 150, "night"),
    Offence("104", "Assault without injury on a constable", "Violence without injury", 14, 20, "night"),
    Offence("3B", "Threats to kill", "Violence without injury", 120, 12, "any"),
    Offence("8L", "Harassment", "Violence without injury", 7, 18, "any"),
    Offence("34B", "Robbery of personal property", "Robbery", 365, 100, "night"),
    Offence("34A", "Robbery of business property", "Robbery", 365, 12, "any"),
    Offence("10D", "Possession of an article with a blade or point", "Possession of weapons", 182, 60, "night"),
    Offence("10C", "Possession of an offensive weapon", "Possession of weapons", 90, 26, "night"),
    Offence("19C", "Rape of a female aged 16 or over", "Sexual offences", 1825, 7, "night"),
    Offence("20A", "Sexual assault on a female aged 13 or over", "Sexual offences", 180, 18, "night"),
    Offence("66", "Affray", "Public order", 84, 24, "night"),
    Offence("9A", "Public fear, alarm or distress", "Public order", 5, 100, "any"),
    Offence("8T", "Racially or religiously aggravated public fear", "Public order", 15, 16, "any"),
    Offence("39", "Theft from the person", "Theft from the person", 2, 76, "day"),
    Offence("49", "Other theft", "Other theft", 1, 36, "day"),
    Offence("44", "Theft of a pedal cycle", "Other theft", 2, 14, "day"),
    Offence("58B", "Criminal damage to a building other than a dwelling", "Criminal damage", 2, 32, "any"),
    Offence("58D", "Other criminal damage", "Criminal damage", 1, 17, "any"),
    Offence("92A", "Possession of a controlled drug with intent to supply", "Drugs", 274, 17, "any"),
    Offence("92E", "Possession of cannabis", "Drugs", 1, 18, "any"),
    Offence("99Z", "Other notifiable offence", "Other crime", None, 9, "any"),
)
SCORED = tuple(o for o in OFFENCES if o.harm_days is not None)


def weight_rows() -> list[list[str]]:
    return [[o.code, o.title, str(o.harm_days), EDITION] for o in SCORED]
