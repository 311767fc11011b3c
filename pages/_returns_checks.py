"""The checks beside a draft: each with what it looked at and what it found, and a place for the reason where one is asked."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import dash_bootstrap_components as dbc
from dash import html

from data_access.returns.narrative import plain
from data_access.returns.versions import Reason, Version
from domain import formats
from domain.return_states import State
from domain.scope import Scope
from reports.checks.answers import stands_in_the_way, unanswered
from reports.checks.model import CheckResult, Finding, Severity
from reports.checks.reasons import no_longer_asked
from reports.checks.run import asked_of

REASON = "returns-reason"
WORDS = {Severity.PASSED: "Passed", Severity.REASON: "Needs a reason", Severity.BLOCKING: "Stands in the way"}


@dataclass(frozen=True)
class _Given:
    """What has been written about findings, and what of it this viewer may write."""

    reasons: Mapping[str, Reason]
    earlier: Mapping[str, str]
    writes: bool
    inside: Mapping[str, list[Finding]]  # key of a finding -> what was found in its reason


def section(
    results: Sequence[CheckResult], reasons: Mapping[str, Reason], earlier: Mapping[str, str], *, writes: bool
) -> list[Any]:
    """``writes``: this viewer may give reasons, which the button under the narrative saves; ``earlier`` offers some."""
    left = unanswered(results, reasons)
    open_ = [r for r in results if r.findings]
    passed = [r for r in results if not r.findings]
    inside: dict[str, list[Finding]] = {}
    for f in (f for r in results for f in r.findings if f.reason_of):
        inside.setdefault(f.reason_of, []).append(f)
    given = _Given(reasons, earlier, writes, inside)
    return [
        html.H2("Checks"),
        html.P(_sentence(results, left), className="reading", id="returns-checks-sentence"),
        *(_found(r, given) for r in open_),
        _left_over(no_longer_asked(results, reasons)) if writes else None,
        html.Details(
            [
                html.Summary(f"Checks that found nothing ({len(passed)})"),
                html.Ul([html.Li([html.Strong(r.title), f": {r.about}"]) for r in passed]),
            ]
        )
        if passed
        else None,
    ]


def _sentence(results: Sequence[CheckResult], left: Sequence[Finding]) -> str:
    blocking = sum(f.severity is Severity.BLOCKING for f in left)
    wait = len(left) - blocking
    if not left:
        return f"All {len(results)} checks are passed or explained."
    parts = [f"{formats.counted(blocking, 'finding')} must be mended"] if blocking else []
    parts += [f"{formats.counted(wait, 'finding')} must be explained"] if wait else []
    return f"Of {len(results)} checks: {formats.joined(parts)} before an analyst can sign."


def _found(result: CheckResult, given: _Given) -> html.Div:
    own = [f for f in result.findings if not f.reason_of]
    elsewhere = len(result.findings) - len(own)
    verb = "stands" if elsewhere == 1 else "stand"
    return html.Div(
        [
            html.H3(result.title),
            html.P(result.about, className="caption"),
            html.P(f"{formats.counted(elsewhere, 'finding')} in reasons {verb} beside the reason.")
            if elsewhere
            else None,
            _findings(own, given),
        ]
    )


def _findings(findings: Sequence[Finding], given: _Given) -> html.Ul | None:
    return html.Ul([_finding(f, given) for f in findings], className="findings") if findings else None


def _finding(finding: Finding, given: _Given) -> html.Li:
    reason, earlier = given.reasons.get(finding.key), given.earlier.get(finding.key, "")
    kept = {finding.key: reason} if reason else {}
    word = WORDS[finding.severity] if stands_in_the_way(finding, kept) else "Explained"
    said: list[Any] = [html.Strong(f"{word}: "), finding.sentence]
    if finding.where:
        said.append(html.Span(f" ({finding.where})", className="caption"))
    parts: list[Any] = [html.P(said), html.P(finding.what_to_do, className="caption")]
    if finding.severity is Severity.REASON and given.writes:
        box_id = {"type": REASON, "key": finding.key}
        text = dbc.Textarea(id=box_id, value=reason.text if reason else earlier, rows=2, maxLength=2000)
        parts.append(_reason_field(box_id, finding, text))
        if earlier and not reason:
            parts.append(
                html.P("As given for an earlier month; save to give it for this one too.", className="caption")
            )
    elif reason:
        parts.append(html.P(f"Reason given by {reason.by}: {reason.text}"))
    return html.Li([*parts, _findings(given.inside.get(finding.key, []), given)])


def _left_over(reasons: Mapping[str, Reason]) -> html.Details | None:
    """Reasons whose finding went when data were loaded; those of changed words went when the words were saved."""
    if not reasons:
        return None
    said = (
        "What they were given for is no longer found, so they count for nothing. They go when the draft is next saved, or "
        "signed: copy what is still of use."
    )
    items = [html.Li(f"{reason.text} ({reason.by})") for reason in reasons.values()]
    summary = html.Summary(f"Reasons no longer asked for ({len(reasons)})")
    return html.Details([summary, html.P(said), html.Ul(items)], id="returns-left-over")


def _reason_field(box_id: dict[str, str], finding: Finding, box: dbc.Textarea) -> html.Div:
    """The label names the finding, since several boxes on the page are alike."""
    hidden = html.Span(f": {finding.sentence}", className="visually-hidden")
    return html.Div([html.Label(["Reason", hidden], htmlFor=_as_dash_writes_it(box_id)), box], className="form-field")


def _as_dash_writes_it(box_id: dict[str, str]) -> str:
    """The id that a pattern's component gets in the page."""
    return json.dumps(box_id, sort_keys=True, separators=(",", ":"))


def without_place(
    scope: Scope, code: str, held: Version, words: Mapping[str, str], given: Mapping[str, str]
) -> dict[str, str]:
    """Reasons, held or just given, that nothing asks for once ``words`` are saved: their texts by the finding's key."""
    before = {key: reason.text for key, reason in held.reasons.items()}
    given = {key: plain(text) for key, text in given.items()}
    if held.state is not State.DRAFT:  # a signed return has no box for a reason, and its own were all asked for
        return {key: text for key, text in given.items() if text and text != before.get(key)}
    texts = {key: text for key, text in {**before, **given}.items() if text}
    if not texts:
        return {}
    saved = replace(
        held, narrative={key: plain(text) for key, text in words.items()},
        reasons={key: Reason(text, scope.actor, "") for key, text in texts.items()},
    )  # fmt: skip
    asked = asked_of(scope, code, saved)
    return {key: text for key, text in texts.items() if key not in asked}


def not_kept(texts: Iterable[str]) -> list[html.P]:
    """Reasons for findings that are gone, so that whoever saves may use the words elsewhere."""
    why = "A reason was not kept, since what it was given for is no longer found. It said"
    return [html.P(f"{why}: “{text}”") for text in texts]


def from_register(rows: Sequence[Mapping[str, Any]]) -> list[Any]:
    """What the checks said when the analyst signed."""
    items = []
    for row in rows:
        found = [
            html.Li([f["sentence"], html.Span(f" Reason: {f['reason']['text']}") if f.get("reason") else None])
            for f in row["findings"]
        ]
        items.append(html.Li([html.Strong(row["title"]), f": {row['about']}", html.Ul(found) if found else None]))
    count = sum(len(row["findings"]) for row in rows)
    sentence = f"When the analyst signed, {len(rows)} checks had been made; {formats.counted(count, 'finding')} had been explained."
    return [
        html.H2("Checks"),
        html.P(sentence, className="reading"),
        html.Details([html.Summary("What each check said"), html.Ul(items)]),
    ]
