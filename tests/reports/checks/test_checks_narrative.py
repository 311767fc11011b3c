"""What people wrote is read: over-claims and identifying details, with how well the rules do."""

from __future__ import annotations

from dataclasses import replace

from data_access.returns.versions import Reason
from domain.scope import Scope
from reports.checks.answers import unanswered
from reports.checks.looked import Looked
from reports.checks.model import CheckResult, Finding, Severity, finding
from reports.checks.narrative import design_level, identifying_text, over_claiming, vocabulary
from reports.checks.reasons import with_reasons_read
from reports.model import ReturnContents

OVER = {"highlights": "Patrols reduced crime.", "learning": "The scheme is a success."}


def test_causal_claims_stop_the_return_and_praise_needs_a_reason() -> None:
    cause, praise = over_claiming(OVER, 2).findings
    assert (cause.severity, cause.where) == (Severity.BLOCKING, "narrative: highlights")
    assert "“Patrols reduced crime.” (“reduced crime”)" in cause.sentence
    assert "level 2 of 5" in cause.sentence
    assert "against 36 in the same month last year" in cause.what_to_do
    assert (praise.severity, praise.where) == (Severity.REASON, "narrative: learning")


def test_a_randomised_design_carries_cause() -> None:
    assert over_claiming(OVER, 5).findings == ()


def test_the_level_is_that_of_the_programmes_evaluation(scope: Scope, contents: ReturnContents) -> None:
    look = Looked(scope, contents, {})
    assert design_level(look) == max(
        c.maryland_level
        for c in (look.evaluation.claim, look.evaluation.patrol_claim, look.evaluation.comparators_claim)
    )
    assert 1 <= design_level(look) < 5


def test_certain_identifiers_stop_the_return_and_a_name_needs_a_reason() -> None:
    found = identifying_text({"issues": "We met Siân. Ring 07700 900123."}, ()).findings
    assert [(f.severity, f.where) for f in found] == [
        (Severity.REASON, "narrative: issues"),
        (Severity.BLOCKING, "narrative: issues"),
    ]
    assert "possible name “Siân” in “We met Siân.”" in found[0].sentence
    assert "telephone number" in found[1].sentence


def test_the_programmes_own_names_pass(scope: Scope, contents: ReturnContents) -> None:
    words = vocabulary(Looked(scope, contents, {}))
    text = {"highlights": "Patrols were at Clock Tower, Station and Market with Street outreach and Test Police."}
    assert identifying_text(text, words).findings == ()
    assert identifying_text(text, ()).findings != ()


def test_nothing_written_is_not_all_fine() -> None:
    for result in (over_claiming({}, 2), identifying_text({"highlights": " "}, ())):
        (found,) = result.findings
        assert found.severity is Severity.BLOCKING
        assert found.sentence == "Not checked: nothing is written yet."


def test_each_check_says_what_it_read_and_how_well_it_does() -> None:
    claims, names = over_claiming(OVER, 2), identifying_text(OVER, ())
    assert claims.about.startswith("2 of 7 narrative fields, 8 words, were read")
    assert "found 10 of 15" in claims.about
    assert "found 17 of 23 details (74%)" in names.about
    assert "people decide" in names.about


def test_a_reason_belongs_to_its_sentence() -> None:
    def keys(text: str) -> list[str]:
        return [f.key for f in over_claiming({"highlights": text}, 2).findings]

    assert keys("The scheme is a success. All else is as before.") == keys("The scheme is a success.")
    assert keys("The scheme is a great success.") != keys("The scheme is a success.")
    assert len(keys("The scheme is a success. The scheme is a success.")) == 1


def _asks(check: str, sentence: str) -> CheckResult:
    return CheckResult(
        check,
        check.capitalize(),
        "All was looked at.",
        (finding(check, "what", Severity.REASON, sentence, "Do.", "F"),),
    )


def _read(reasons: dict[str, str], *others: CheckResult) -> dict[str, list[Finding]]:
    """What the two rules find in reasons, by the key of the finding that the reason was given for."""
    words = {"highlights": "Briefings were held."}
    results = (*others, over_claiming(words, 2), identifying_text(words, ()))
    given = {key: Reason(text, "mary", "2024-01-01") for key, text in reasons.items()}
    found: dict[str, list[Finding]] = {}
    for f in (f for r in with_reasons_read(results, given, 2, ()) for f in r.findings if f.reason_of):
        found.setdefault(f.reason_of, []).append(f)
    return found


def test_a_reason_is_read_like_the_narrative_and_what_is_found_stands_at_it() -> None:
    outlier = _asks("outliers", "Crime was low in Nov 2023.")
    key = outlier.findings[0].key
    found = _read(
        {key: "The patrols prevented 12 crimes. We asked Siân Rees, 07700 900123.", "gone": "Ring 07700 900124."},
        outlier,
    )
    assert list(found) == [key], "nobody reads a reason that nothing asks for"
    assert {(f.check, f.severity) for f in found[key]} == {
        ("over-claiming", Severity.BLOCKING), ("identifying details", Severity.BLOCKING), ("identifying details", Severity.REASON),
    }  # fmt: skip
    assert all(f.sentence.startswith("Reason under “Outliers”") for f in found[key])
    assert all(len(f.key) < 120 for f in found[key])


def test_to_explain_a_name_it_may_be_named() -> None:
    named = replace(identifying_text({"highlights": "We met at Siân House."}, ()), about="All was looked at.")
    key = named.findings[0].key
    results = with_reasons_read((named,), {key: Reason("Tŷ Siân is a building, open to all.", "mary", "")}, 2, ("Tŷ",))
    assert len(results[0].findings) == 1
    assert results[0].about == "All was looked at. 1 reason for what was found was read too."


def test_what_a_finding_quotes_excuses_nobody_in_its_reason() -> None:
    words = {"highlights": "The scheme is a success. Siân and Harold Pym will see that it may grow, as a rose does."}
    results = (over_claiming(words, 2), identifying_text(words, ()))
    praise, siân, harold = (f.key for r in results for f in r.findings)
    given = dict.fromkeys((praise, siân, harold), Reason("It was Siân, Rose, Will or Harold Pym.", "mary", ""))
    names: dict[str, list[str]] = {}
    for f in with_reasons_read(results, given, 2, ())[1].findings:
        names.setdefault(f.reason_of, []).extend(f.names)
    assert names[praise] == ["Siân", "Rose", "Will", "Harold Pym"]
    assert names[siân] == ["Rose", "Will", "Harold Pym"], "what it found itself, and no more"
    assert names[harold] == ["Siân", "Rose", "Will"]


def test_only_names_excuse_names() -> None:
    words = {"highlights": "A white man asked for his brother at 14 Rose Street."}
    found = {f.key.split(":")[1].split()[1]: f.names for f in identifying_text(words, ()).findings}
    assert found["address"] == ("14 Rose Street",)
    assert len(found) == 3
    assert not any(names for what, names in found.items() if what != "address")


def test_reasons_of_findings_with_the_same_values_are_counted_and_answered_each_by_itself() -> None:
    outliers, trackers = (_asks(check, "December is missing.") for check in ("outliers", "trackers"))
    keys = [outliers.findings[0].key, trackers.findings[0].key]
    assert len({key.rpartition(":")[2] for key in keys}) == 1, "one digest of the values"
    asked = dict.fromkeys(keys, "We asked Harold Pym.")
    found = _read(asked, outliers, trackers)
    assert [len(found[key]) for key in keys] == [1, 1]
    first, second = (found[key][0].key for key in keys)
    assert first != second
    _, _, _, names = with_reasons_read(
        (outliers, trackers, over_claiming({}, 2), identifying_text({"highlights": "Briefings were held."}, ())),
        {key: Reason(text, "mary", "") for key, text in {**asked, first: "He agreed to be named."}.items()}, 2, (),
    )  # fmt: skip
    assert [f.key for f in unanswered((names,), {first: Reason("He agreed to be named.", "mary", "")})] == [second]


def test_there_is_an_end_of_reasons_for_reasons() -> None:
    outlier = _asks("outliers", "Crime was low in Nov 2023.")
    key = outlier.findings[0].key
    text = "It was the scheme of Harold Pym, who runs the bus station."
    (name,) = _read({key: text}, outlier)[key]
    assert name.severity is Severity.REASON
    again = {key: text, name.key: "Harold Pym asked us to name him, as did Olga Marsh."}
    assert list(_read(again, outlier)) == [key]
    again[name.key] += " Ring 07700 900123."
    (blocking,) = _read(again, outlier)[name.key]
    assert blocking.severity is Severity.BLOCKING
