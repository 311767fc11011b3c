"""What people wrote, read by the rules of ``domain.narrative_rules``: over-claims, and what may tell who somebody is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from analysis.evaluation.claims import MARYLAND
from domain import formats
from domain.narrative_rules import claims, identifying
from domain.narrative_rules.claims import over_claims
from domain.narrative_rules.identifying import Detail, What, identifying_details
from reports.checks.looked import Looked
from reports.checks.model import CheckResult, Finding, Severity, finding, not_made
from reports.sections.words import NARRATIVE

CORRECTION = "correction reason"  # of a later version; printed like the narrative, so read like it
TITLES = {**NARRATIVE, CORRECTION: "Reason for the correction"}
CLAIMS, CLAIMS_TITLE = "over-claiming", "Over-claiming words"
NAMES, NAMES_TITLE = "identifying details", "Names and identifying details"
_NOTHING = "nothing is written yet."
_WRITE = "Write the narrative first; it is read again each time it is saved."


def design_level(look: Looked) -> int:
    """The strongest Maryland level among the evaluation's claims about crime; 1 where none could be made."""
    found = look.evaluation
    return max(c.maryland_level for c in (found.claim, found.patrol_claim, found.comparators_claim))


def over_claiming(narrative: Mapping[str, str], level: int) -> CheckResult:
    """Unhedged causal claims about crime or harm block below a randomised design; the rest needs a reason."""
    texts = _written(narrative)
    m = claims.MEASURED_OTHERS
    about = (
        f"{_read(texts)} against a design of level {level} of {max(MARYLAND)} on the Maryland scale ({MARYLAND[level]}). In sentences that "
        f"other people had written the rules found {m.found} of {m.found + m.missed} that claim too much, and {m.wrong} of their "
        f"{m.found + m.wrong} hits was wrong: they help, and do not replace reading."
    )
    if not texts:
        return CheckResult(
            CLAIMS, CLAIMS_TITLE, about, (not_made(CLAIMS, "no text", _NOTHING, _WRITE, "I", Severity.BLOCKING),)
        )
    found = [f for k, text in texts.items() for f in claims_in(k, TITLES[k], f"narrative: {k}", text, level)]
    return CheckResult(CLAIMS, CLAIMS_TITLE, about, once(found))


def claims_in(key: str, title: str, where: str, text: str, level: int) -> list[Finding]:
    """What one text claims too much; ``key`` and ``title`` name it, to the register and to people."""
    found = []
    for c in over_claims(text, level):
        soft = "" if c.blocks else " If it must stay, write why."
        found.append(finding(
            CLAIMS, f"{key} {c.kind}", Severity.BLOCKING if c.blocks else Severity.REASON,
            f"{title}: “{_short(c.sentence)}” (“{c.words}”). {c.why}", f"{c.instead}{soft}", where, c.sentence,
        ))  # fmt: skip
    return found


def identifying_text(narrative: Mapping[str, str], vocabulary: Sequence[str]) -> CheckResult:
    """Certain identifiers block; what may be a name or tell who somebody is needs a reason."""
    texts = _written(narrative)
    m = identifying.MEASURED_OTHERS
    about = (
        f"{_read(texts)} for names, ages, addresses, numbers and protected characteristics. In notes that other people had "
        f"written the rules found {m.found} of {m.found + m.missed} details ({formats.percent(m.recall)}), and {m.wrong} of their hits were "
        "wrong; they find no rare fact and few names at the start of a sentence. A detection helps; people decide."
    )
    if not texts:
        return CheckResult(
            NAMES, NAMES_TITLE, about, (not_made(NAMES, "no text", _NOTHING, _WRITE, "I", Severity.BLOCKING),)
        )
    found = [f for k, text in texts.items() for f in details_in(k, TITLES[k], f"narrative: {k}", text, vocabulary)]
    return CheckResult(NAMES, NAMES_TITLE, about, once(found))


def details_in(key: str, title: str, where: str, text: str, vocabulary: Sequence[str]) -> list[Finding]:
    """What in one text may tell who somebody is."""
    return [_detail(key, title, where, d) for d in identifying_details(text, vocabulary)]


def _detail(key: str, title: str, where: str, d: Detail) -> Finding:
    if d.blocks:
        what = "Take it out: a return never needs it."
    else:
        what = "Take it out or put it more generally; if it tells nobody who somebody is, or is meant to be named, write so."
    found = finding(
        NAMES, f"{key} {d.what}", Severity.BLOCKING if d.blocks else Severity.REASON,
        f"{title}: possible {d.what} “{d.words}” in “{_short(d.sentence)}”.",
        what, where, d.words, d.sentence,
    )  # fmt: skip
    # Words of the other details ("white", "his mother") name nothing, and would excuse people who are called so.
    return replace(found, names=(d.words,) if d.what in (What.NAME, What.ADDRESS) else ())


def vocabulary(look: Looked) -> tuple[str, ...]:
    """Names that the return prints anyway."""
    p = look.programme
    held = [p.name, p.area_name, p.force, p.fund, p.recipient, p.contact, p.service_name, p.grant_reference]
    held += [x.name for x in p.providers] + [str(n) for n in look.every_spot["hot_spot_name"]]
    return tuple(n for n in held if n)


def _written(narrative: Mapping[str, str]) -> dict[str, str]:
    return {key: text for key in TITLES if (text := (narrative.get(key) or "").strip())}


def _read(texts: Mapping[str, str]) -> str:
    words = sum(len(text.split()) for text in texts.values())
    return f"{len(texts)} of {len(NARRATIVE)} narrative fields, {formats.number(words)} words, were read"


def _short(sentence: str, most: int = 200) -> str:
    return sentence if len(sentence) <= most else f"{sentence[: most - 1].rstrip()}…"


def once(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """The same words in the same sentence twice are one finding: a reason is kept by its key."""
    return tuple({f.key: f for f in findings}.values())
