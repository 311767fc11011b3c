"""Every printed number against the dashboards' own functions, asked again; and sums within the return."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from domain import formats
from reports.checks.looked import Looked
from reports.checks.model import CheckResult, Finding, Severity, finding
from reports.checks.printed import CORRECTIONS, NOTE, NOTES, WAS, Place, Printed, printed
from reports.checks.recount import Known
from reports.checks.recount_counts import section_j, sections_d_e_g
from reports.checks.recount_delivery import section_c
from reports.checks.recount_money import section_h
from reports.checks.recount_outcomes import section_b, section_f
from reports.checks.recount_summary import summary
from reports.checks.sums import sums
from reports.model import ReturnContents

KEY, TITLE = "reconciliation", "Reconciliation with the dashboards"
MOST_NAMED = 8
EARLIER = "of the version before, as it printed them"
NO_VALUE = (formats.UNAVAILABLE, formats.NOT_APPLICABLE)

# (section, field, kind, name) beginning with these, "" for any -> why no dashboard can be asked for them.
LEFT_OUT: dict[tuple[str, str, str, str], str] = {
    ("", NOTES, "", ""): "in warnings that repeat figures of the sections",
    ("", CORRECTIONS, "", ""): EARLIER,
    ("A", "", "", ""): "in identifiers, versions, dates and settings",
    ("B", "selection_method", "fact", "Selection method"): "in texts of the programme's settings",
    ("B", "changes_since_last_return", "", ""): "in dates",
    ("C", "visits_median_minutes", "caption", ""): "in fixed words",
    ("F", "crime_in_hot_spots", "caption", ""): "in fixed words",
    ("I", "", "", ""): "written by people",
    ("J", "gps_uptime", "table", "Revisions"): "kept as written when a file was loaded",
    ("K", "", "", ""): "in names, times and hashes of those who sign",
}


@dataclass(frozen=True)
class Outcome:
    """``agreed`` and ``different``: places compared; ``left_out``: with numbers, and why; ``unknown``: compared by nothing."""

    agreed: tuple[tuple[Printed, Known], ...]
    different: tuple[tuple[Printed, Known], ...]
    missing: tuple[tuple[Place, Known], ...]
    left_out: tuple[tuple[Printed, str], ...]
    unknown: tuple[Printed, ...]

    @property
    def numbers(self) -> int:
        held = [
            *(p for p, _ in self.agreed),
            *(p for p, _ in self.different),
            *(p for p, _ in self.left_out),
            *self.unknown,
        ]
        return sum(len(p.figures) for p in held)

    @property
    def verified(self) -> int:
        return sum(len(p.figures) for p, _ in self.agreed)


def recount(look: Looked) -> dict[Place, Known]:
    """What each place should print, for the sections that the return has."""
    makers = {"": summary, "B": section_b, "C": section_c, "F": section_f, "H": section_h, "J": section_j}
    asked = {"", *(s.letter for s in look.contents.sections)}
    found: dict[Place, Known] = {}
    for letter, maker in makers.items():
        if letter in asked:
            found |= maker(look)
    return found | (sections_d_e_g(look) if asked & {"D", "E", "G"} else {})


def compare(found: tuple[Printed, ...], known: Mapping[Place, Known]) -> Outcome:
    """Pure: what was printed beside what should be."""
    agreed, different, left_out, unknown = [], [], [], []
    for p in found:
        expected = known.get(p.place)
        if expected is not None:
            (agreed if _agrees(p, expected) else different).append((p, expected))
        elif p.figures:
            why = left_out_because(p.place)
            left_out.append((p, why)) if why else unknown.append(p)
    places, fields = {p.place for p in found}, {(p.place.section, p.place.field) for p in found}
    missing = [
        (place, k) for place, k in known.items()
        if place not in places and (place.section, place.field) in fields and _is_result(place, k)
    ]  # fmt: skip
    return Outcome(tuple(agreed), tuple(different), tuple(missing), tuple(left_out), tuple(unknown))


def _agrees(p: Printed, known: Known) -> bool:
    if known.text is None:
        # A quarterly field between quarters says when it is due, and nothing else.
        return p.figures == known.figures
    return p.text == known.text or (p.text in NO_VALUE and known.text in NO_VALUE)


def _is_result(place: Place, known: Known) -> bool:
    """A value that the return should hold: a note goes with its value, a chart or table with its rows."""
    return (
        known.text is not None
        and known.text not in (*NO_VALUE, "")
        and place.kind in ("fact", "table", "sentence")
        and place.column != NOTE
    )


def left_out_because(place: Place) -> str:
    """Why nothing can be asked for a place; "" where something should be."""
    if place.kind == WAS:
        return EARLIER
    parts = (place.section, place.field, place.kind, place.name)
    return next(
        (
            why for (section, *rest), why in LEFT_OUT.items()
            if parts[0] == section and all(mine.startswith(theirs) for mine, theirs in zip(parts[1:], rest, strict=True))
        ),
        "",
    )  # fmt: skip


def reconciliation(look: Looked) -> CheckResult:
    """Blocks on every difference, and on every sum that does not come out."""
    return reconciled(look.contents, look.names, recount(look))


def reconciled(contents: ReturnContents, names: Sequence[str], known: Mapping[Place, Known]) -> CheckResult:
    """Pure: the return beside what its places should print."""
    found = compare(printed(contents, names), known)
    added, wrong = sums(contents)
    findings = [_difference(p, k) for p, k in found.different] + [_missing(place, k) for place, k in found.missing]
    return CheckResult(KEY, TITLE, _about(found, added), (*findings, *wrong, *_unknown(found)))


def _difference(p: Printed, known: Known) -> Finding:
    should = known.text if known.text is not None else ", ".join(known.figures) or "no figure"
    shown = p.text if known.text is not None else ", ".join(p.figures) or "no figure"
    return finding(
        KEY, p.place.words, Severity.BLOCKING,
        f"{p.place.words}: the return prints “{shown}”, the dashboards now give “{should}” ({known.by}).",
        "Build the return again: its data or settings have changed since. If the difference stays, report it as a fault.",
        p.place.section or "summary", shown, should,
    )  # fmt: skip


def _missing(place: Place, known: Known) -> Finding:
    return finding(
        KEY, place.words, Severity.BLOCKING,
        f"{place.words}: the dashboards give “{known.text}” ({known.by}), and the return does not print it.",
        "Build the return again. If it is still missing, report it as a fault.", place.section or "summary", known.text,
    )  # fmt: skip


def _unknown(found: Outcome) -> tuple[Finding, ...]:
    """Numbers that no function was asked for are said, so that "all agree" means all."""
    if not found.unknown:
        return ()
    named = formats.joined([p.place.words for p in found.unknown[:MOST_NAMED]])
    count = sum(len(p.figures) for p in found.unknown)
    more = f", and {len(found.unknown) - MOST_NAMED} more places" if len(found.unknown) > MOST_NAMED else ""
    return (
        finding(
            KEY, "not compared", Severity.REASON, f"Nothing could be compared with {formats.counted(count, 'printed number')}: {named}{more}.",
            "Compare them with the dashboards yourself, and say that you have.", found.unknown[0].place.section or "summary",
            *(p.text for p in found.unknown),
        ),
    )  # fmt: skip


def _about(found: Outcome, added: int) -> str:
    by_section = Counter(p.place.section or "summary" for p, _ in found.agreed for _ in p.figures)
    counts = formats.joined([f"{letter} {n}" for letter, n in by_section.items()])
    why = Counter(reason for p, reason in found.left_out for _ in p.figures)
    left = "; ".join([f"{n} {reason}" for reason, n in why.most_common()])
    compared = sum(len(p.figures) for p, _ in (*found.agreed, *found.different))
    return (
        f"The return prints {found.numbers} numbers. {compared} were worked out again by the functions that the dashboards "
        f"call, and {found.verified} agree to the last printed digit ({counts}). Left out: {left or 'none'}; definitions and "
        f"labels are not counted. {added} sums within the return were added up."
    )
