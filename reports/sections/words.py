"""Section I: what people wrote, and approved case studies."""

from __future__ import annotations

from data_access import case_studies
from reports.model import Entry, Story
from reports.source import Source

# Key in the register -> heading in the return and label on the page; order as the return asks.
NARRATIVE: dict[str, str] = {
    "highlights": "Highlights",
    "issues": "Issues and mitigations",
    "risks": "Risks and their owners",
    "changes": "Changes to plan",
    "learning": "Learning",
    "partner comment": "Partner comment",
    "media": "Media or ministerial interest",
}
MOST_STORIES = 2


def section(s: Source) -> tuple[Entry, ...]:
    return (_narrative(s), _stories(s))


def _narrative(s: Source) -> Entry:
    written = {key: (s.version.narrative.get(key) or "").strip() for key in NARRATIVE}
    texts = tuple((NARRATIVE[key], text) for key, text in written.items() if text)
    gaps = tuple(
        s.missing("I", "highlights", "Nothing was written.", NARRATIVE[key])
        for key, text in written.items()
        if not text
    )
    return s.entry("I", "highlights", facts=gaps, texts=texts)


def _stories(s: Source) -> Entry:
    key = "anonymised_case_studies"
    approved = case_studies.approved(s.scope, s.code)
    if not approved:
        why = "No case study is approved for release."
        return s.entry("I", key, facts=(s.missing("I", key, why),))
    chosen = approved[:MOST_STORIES]
    stories = tuple(Story(c.reference, c.theme, c.title, c.situation, c.action, c.outcome) for c in chosen)
    more = len(approved) - len(chosen)
    note = (
        f"{len(approved)} approved in all; {more} more on the Case studies page."
        if more
        else "Every approved case study."
    )
    return s.entry(
        "I", key, sentences=(f"Approved for release by two people who did not write them. {note}",), stories=stories
    )
