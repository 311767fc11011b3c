"""What the data behind the month still lack: a manager's word for it, whole extracts, and settled records."""

from __future__ import annotations

from data_access.confirmed import confirmed_months
from data_access.loads import undersupplied_months
from domain import formats
from domain.periods import is_provisional
from reports.checks.looked import Looked
from reports.checks.model import CheckResult, Finding, Severity, finding, not_made

LOADS, LOADS_TITLE = "loads", "Unconfirmed loads"
PROVISIONAL, PROVISIONAL_TITLE = "provisional", "Provisional data"


def unconfirmed_loads(look: Looked) -> CheckResult:
    """A month that no manager stands by, and extracts that look short, need a reason each."""
    months = sorted({m for p in look.periods for m in p.months()})
    short = [s for s in undersupplied_months(look.scope, look.code) if s.month in months]
    findings = [
        *_unconfirmed(look),
        *(
            finding(
                LOADS, f"short {s.month}", Severity.REASON, s.sentence,
                "Ask the force whether the extract is whole and load it again, or write why it is right.", "/data",
            )
            for s in short
        ),
    ]  # fmt: skip
    about = (
        f"Whether {formats.month(look.month)} is confirmed on the Data page, and whether the extracts of the {len(months)} months that the "
        f"return prints (this year and last) look short beside the months around them: {len(short)} do."
    )
    return CheckResult(LOADS, LOADS_TITLE, about, tuple(findings))


def _unconfirmed(look: Looked) -> list[Finding]:
    when = formats.month(look.month)
    if look.month in confirmed_months(look.scope, look.code):
        return []
    return [finding(
        LOADS, "not confirmed", Severity.REASON, f"{when} is not confirmed: no manager has said that its visits are right.",
        f"Confirm {when} on the Data page when its last positions are loaded, or write why it is signed without.", "/data",
        look.month,
    )]  # fmt: skip


def provisional_data(look: Looked) -> CheckResult:
    """A month in the provisional band needs a reason why it is signed now."""
    since, when = look.as_at.provisional_from, formats.month(look.month)
    if look.as_at.crimes_to is None:
        why = "no recorded crime is loaded, so how settled it is cannot be said."
        return CheckResult(PROVISIONAL, PROVISIONAL_TITLE, "No recorded crime was there to look at.", (
            not_made(PROVISIONAL, "no crime", why, "Load the recorded crime, or say why the return goes without.", "/data"),
        ))  # fmt: skip
    weeks = look.programme.provisional_weeks
    about = (
        f"Recorded crime reaches {formats.day(look.as_at.crimes_to)}; the last {weeks} weeks of it are provisional"
        f"{f', from {formats.day(since)} on' if since else ', so no day is'}. {when} ends on {formats.day(look.period.end)}."
    )
    if not is_provisional(look.month, since) or since is None:
        return CheckResult(PROVISIONAL, PROVISIONAL_TITLE, about)
    sentence = (
        f"{when} is provisional: records may still arrive for days from {formats.day(since)}, so its counts can rise."
    )
    return CheckResult(PROVISIONAL, PROVISIONAL_TITLE, about, (finding(
        PROVISIONAL, "month", Severity.REASON, sentence,
        "Wait for a later extract, or write why the return is signed now; a later version can restate the month.", "F",
        look.month, since,
    ),))  # fmt: skip
