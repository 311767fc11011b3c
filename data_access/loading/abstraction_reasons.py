"""Why patrols were taken away, as one of a closed list: a free text would name officers to funders and partners."""

from __future__ import annotations

import re

OTHER = "other"

# First match wins, so what is more exact comes first ("safeguarding call" before calls, an event before the court
# that it may mention). docs/extract-formats.md lists the reasons.
_WORDS: tuple[tuple[str, str], ...] = (
    ("safeguarding call", r"safeguard\w*|missing|vulnerable|welfare|concern for"),
    ("public order event", r"public order|protests?|demonstrations?|football|march|marches|parade|festival|events?"),
    ("arrest or custody", r"arrest\w*|custody|detain\w*|detention|prisoners?"),
    ("sickness or absence", r"sick\w*|ill|illness|absen\w*|leave|injur\w*|compassionate|bereave\w*|holidays?|closed"),
    ("court", r"courts?|tribunal|hearing"),
    ("training", r"training|trained|course|courses"),
    ("severe weather", r"weather|snow|ice|icy|storms?|floods?|flooding|heat ?wave|heavy rain|high winds?"),
    ("emergency call", r"emergency|emergencies|999|immediate|urgent|response"),
    (
        "no officers available",
        r"no (?:officers?|staff|one|crew|cover|resources?)|not enough|short ?staffed|short of|staff shortage|"
        r"staffing|under ?staffed|unavailab\w*|not available|resourcing",
    ),
    ("other duty", r"duty|duties|redeploy\w*|reassign\w*|diverted|mutual aid|scene guard|cordon|meeting"),
)
_RULES = tuple((reason, re.compile(rf"\b(?:{words})\b", re.IGNORECASE)) for reason, words in _WORDS)
REASONS = (*(reason for reason, _ in _WORDS), OTHER)


def closed_reason(text: str) -> str:
    """The reason of the list that the words name; ``other`` for any other words, empty for none."""
    plain = re.sub(r"[\W_]+", " ", text).strip()
    if not text.strip():
        return ""
    if text.strip().casefold() in REASONS:
        return text.strip().casefold()
    return next((reason for reason, rule in _RULES if rule.search(plain)), OTHER)
