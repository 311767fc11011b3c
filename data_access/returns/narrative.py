"""What people write in a return: narrative, and reasons for what the checks found."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

from data_access.returns.changing import as_draft, changing, take, with_author
from data_access.returns.versions import Reason, Version
from domain.return_states import Action
from domain.scope import Scope

WORD_LIMIT = 300  # of each narrative field in the return
CHARACTER_LIMIT = 4_000  # a text without spaces is one word, however long
LONGEST_KEY = 200  # of a finding; ours are far shorter
LEAST_REASON = 10  # characters: "ok" explains nothing


class TextRefused(ValueError):
    """A text is too long, or a reason too short to be one; the message says which and what is taken."""


def save(
    scope: Scope,
    code: str,
    month: str,
    narrative: Mapping[str, str],
    revision: int,
    reasons: Mapping[str, str] | None = None,
) -> Version:
    """Save what was edited from ``revision``. A signed return goes back to draft: its steps say so.

    ``reasons``: key of a check's finding -> why it does not stand in the way; an empty text takes a reason back, and
    findings that are not named keep theirs. Whoever saves is an author of the version.

    Raises StaleVersion, TextRefused, NotNow (submitted), NotYours.
    """
    texts = {key: plain(text) for key, text in narrative.items()}
    given = {key: plain(text) for key, text in (reasons or {}).items()}
    _check_length(texts)
    if any(len(key) > LONGEST_KEY for key in given):
        raise TextRefused("A reason was sent for a finding that does not exist. Reload the page and try again.")
    with changing(scope, code, month, revision) as change:
        before = change.before
        changed = {k: t for k, t in given.items() if t != (before.reasons[k].text if k in before.reasons else "")}
        _check_reasons(changed)
        change.after(Action.EDIT)
        if not changed and texts == {key: before.narrative.get(key, "") for key in texts} and before.id is not None:
            return before  # nothing was changed, so nobody becomes an author by it and no signature falls away
        kept = {k: vars(r) for k, r in before.reasons.items() if k not in changed}
        at = change.at.isoformat(timespec="seconds")
        kept |= {k: vars(Reason(t, change.actor, at)) for k, t in changed.items() if t}
        values = {"narrative": texts, "reasons": kept, "authors": with_author(before, change.actor), **as_draft(before)}
        detail = {"revision": revision + 1, "before": before.state.value, "reasons_for": sorted(changed)}
        return take(change, Action.EDIT, event="narrative saved", detail=detail, values=values)


def plain(text: str) -> str:
    """Text without what no printed page can show: control and direction marks; ends of line as one kind."""
    lines = str(text).replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    return "".join(
        c for c in lines if c == "\n" or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn")
    ).strip()


def _check_reasons(reasons: Mapping[str, str]) -> None:
    short = [text for text in reasons.values() if text and len(text) < LEAST_REASON]
    if short:
        raise TextRefused(
            f"“{short[0]}” is too short for a reason: say in at least {LEAST_REASON} characters why the return can go as it is."
        )
    for text in reasons.values():
        _check_length({"reason": text})


def _check_length(narrative: Mapping[str, str]) -> None:
    for name, text in narrative.items():
        if len(text) > CHARACTER_LIMIT:
            raise TextRefused(
                f"“{name}” has {len(text):,} characters; the return takes at most {CHARACTER_LIMIT:,}. Shorten it."
            )
        words = len(text.split())
        if words > WORD_LIMIT:
            raise TextRefused(f"“{name}” has {words} words; the return takes at most {WORD_LIMIT}. Shorten it.")
