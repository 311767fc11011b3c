"""The register of signed returns: its whole life, what it refuses, and that nothing of it is ever half done or lost."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Barrier

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from data_access import audit, schema
from data_access.returns import narrative, signing, versions
from data_access.returns.changing import StaleVersion
from domain.return_states import Action, NotNow, NotYours, State
from tests.data_access.returns.conftest import MONTH, frozen, load, person
from tests.factories import audit_events

AT = datetime(2023, 7, 10, 9, 30)
MARY, BEN, OLIVE, FAY = (person(name) for name in ("mary", "ben", "olive", "fay"))


def submitted(code: str = "TEST", *, revision: int = 0, pdf: bytes = b"%PDF approved") -> versions.Version:
    """A whole life up to submission."""
    v = narrative.save(MARY, code, MONTH, {"highlights": "Words"}, revision)
    v = signing.check(
        BEN, code, MONTH, v.revision, frozen(code=code, template="short" if code == "SHORT" else "standard")
    )
    v = signing.approve(OLIVE, code, MONTH, v.revision, pdf, AT)
    if code == "TEST":
        pdf += b" certified"
        v = signing.certify(FAY, code, MONTH, v.revision, pdf, AT)
    return signing.submit(MARY, code, MONTH, v.revision, pdf + b" submitted", AT)


def test_a_whole_life_is_recorded_step_by_step(engine):
    v = submitted()
    assert (v.state, v.number, v.revision) == (State.SUBMITTED, 1, 5)
    assert [s.action for s in v.signatures] == [Action.CHECK, Action.APPROVE, Action.CERTIFY, Action.SUBMIT]
    assert [s.who for s in v.steps][:2] == ["mary@example.org, manager", "ben@example.org, manager"]
    assert versions.sealed_pdf(MARY, "TEST", v) == b"%PDF approved certified submitted"
    assert versions.frozen(FAY, "TEST", v)[0]["text"] == "Siân’s words"
    assert audit_events(engine) == [
        "narrative saved", "return checked", "return approved", "return certified", "return submitted",
    ]  # fmt: skip
    (known,) = versions.known_file(v.pdf_sha256)
    assert (known.programme, known.month, known.number, known.state) == ("TEST", MONTH, 1, State.SUBMITTED)
    assert known.newest


def test_the_register_knows_copies_that_no_longer_stand(engine):
    v = narrative.save(MARY, "TEST", MONTH, {"highlights": "Words"}, 0)
    v = signing.check(BEN, "TEST", MONTH, v.revision, frozen())
    v = signing.approve(OLIVE, "TEST", MONTH, v.revision, b"%PDF first", AT)
    first = v.pdf_sha256
    v = signing.certify(FAY, "TEST", MONTH, v.revision, b"%PDF first c", AT)
    (known,) = versions.known_file(first)
    assert (known.step, known.newest, known.has_file) == (Action.APPROVE, False, True), "sealed again since"
    signing.send_back(OLIVE, "TEST", MONTH, v.revision, "The spend of June is missing.")
    (known,) = versions.known_file(first)
    assert (known.newest, known.has_file) == (False, False), "sent back since"
    assert versions.known_file("0" * 64) == []


def test_whoever_sends_it_back_has_not_written_it(engine):
    v = narrative.save(MARY, "TEST", MONTH, {"highlights": "Words"}, 0)
    v = signing.check(BEN, "TEST", MONTH, v.revision, frozen())
    v = signing.send_back(OLIVE, "TEST", MONTH, v.revision, "The spend of June is missing.")
    assert v.last_written.actor == "mary@example.org"
    assert v.authors == ("mary@example.org",)


def test_a_fund_without_certificate_submits_what_is_approved(engine):
    assert submitted("SHORT").state is State.SUBMITTED


def test_nobody_signs_their_own_work_or_twice(engine):
    v = narrative.save(MARY, "TEST", MONTH, {"highlights": "Words"}, 0)
    with pytest.raises(NotYours, match="You wrote part"):
        signing.check(MARY, "TEST", MONTH, v.revision, frozen())
    with pytest.raises(NotYours, match="Your role may not check"):
        signing.check(OLIVE, "TEST", MONTH, v.revision, frozen())
    with pytest.raises(NotNow, match="the next step is “check”"):
        signing.approve(OLIVE, "TEST", MONTH, v.revision, b"%PDF", AT)
    assert versions.latest(MARY, "TEST", MONTH).state is State.DRAFT
    assert audit_events(engine) == ["narrative saved"], "what is refused leaves nothing behind"


def test_an_edit_takes_signatures_and_file_away_and_the_steps_stay(engine):
    v = narrative.save(MARY, "TEST", MONTH, {"highlights": "Words"}, 0)
    v = signing.check(BEN, "TEST", MONTH, v.revision, frozen())
    v = signing.approve(OLIVE, "TEST", MONTH, v.revision, b"%PDF", AT)
    v = narrative.save(MARY, "TEST", MONTH, {"highlights": "Other words"}, v.revision)
    assert (v.state, v.signatures, v.contents_sha256, v.pdf_sha256) == (State.DRAFT, (), "", "")
    assert versions.frozen(MARY, "TEST", v) is None
    with pytest.raises(versions.NoSuchVersion, match="not approved"):
        versions.sealed_pdf(MARY, "TEST", v)
    assert [s.action.value for s in v.steps] == ["edit", "check", "approve", "edit"]
    assert signing.check(BEN, "TEST", MONTH, v.revision, frozen()).state is State.CHECKED, (
        "the same analyst may look again"
    )


def test_a_return_goes_back_only_with_a_reason(engine):
    v = narrative.save(MARY, "TEST", MONTH, {"highlights": "Words"}, 0)
    v = signing.check(BEN, "TEST", MONTH, v.revision, frozen())
    with pytest.raises(narrative.TextRefused, match="2,001 characters; at most 2,000"):
        signing.send_back(OLIVE, "TEST", MONTH, v.revision, "x" * 2001)
    with pytest.raises(narrative.TextRefused, match="Give a reason"):
        signing.send_back(OLIVE, "TEST", MONTH, v.revision, " no ")
    v = signing.send_back(OLIVE, "TEST", MONTH, v.revision, "The spend of June is missing.")
    assert (v.state, v.steps[-1].note) == (State.DRAFT, "The spend of June is missing.")


def _asked(*keys: str) -> list[dict[str, object]]:
    """What a check keeps of findings that were explained."""
    return [{"key": "outliers", "findings": [{"key": key, "reason": {"text": "A festival."}} for key in keys]}]


def test_a_signature_and_a_correction_keep_only_reasons_that_a_check_asked_for(engine):
    reasons = {"outlier:1": "A festival brought many people.", "gone:2": "Ask Harold Pym, 07700 900123."}
    v = narrative.save(MARY, "TEST", MONTH, {"highlights": "Words"}, 0, reasons)
    v = signing.check(BEN, "TEST", MONTH, v.revision, replace(frozen(), checks=_asked("outlier:1")))
    assert set(v.reasons) == {"outlier:1"}
    assert v.reasons["outlier:1"].by == "mary@example.org"
    # Versions that were signed before signatures dropped any still hold them.
    older = {key: vars(versions.Reason(text, "mary@example.org", "2023-07-01")) for key, text in reasons.items()}
    with engine.begin() as conn:
        conn.execute(schema.return_version.update().values(reasons=older))
    for who, step, pdf in ((OLIVE, "approve", b"%PDF"), (FAY, "certify", b"%PDF c"), (MARY, "submit", b"%PDF c s")):
        v = getattr(signing, step)(who, "TEST", MONTH, v.revision, pdf, AT)
    assert set(v.reasons) == set(reasons)
    v = signing.open_correction(MARY, "TEST", MONTH, v.revision, "Two crimes were recorded late.")
    assert set(v.reasons) == {"outlier:1"}


def test_data_that_move_between_look_and_signature_are_told(engine):
    seen = frozen()
    v = narrative.save(MARY, "TEST", MONTH, {"highlights": "Words"}, 0)
    load(engine)
    with pytest.raises(StaleVersion, match="Data were loaded"):
        signing.check(BEN, "TEST", MONTH, v.revision, seen)
    assert versions.latest(MARY, "TEST", MONTH).state is State.DRAFT


def test_a_later_seal_must_stand_on_the_file_that_was_approved(engine):
    v = narrative.save(MARY, "TEST", MONTH, {"highlights": "Words"}, 0)
    v = signing.check(BEN, "TEST", MONTH, v.revision, frozen())
    v = signing.approve(OLIVE, "TEST", MONTH, v.revision, b"%PDF one", AT)
    with pytest.raises(signing.NotTheSealedFile):
        signing.certify(FAY, "TEST", MONTH, v.revision, b"%PDF two", AT)
    assert versions.latest(MARY, "TEST", MONTH).state is State.APPROVED


def test_a_correction_is_a_new_version_and_the_old_one_stands_until_it_is_submitted(engine):
    first = submitted()
    with pytest.raises(NotNow, match="open a new version"):
        narrative.save(MARY, "TEST", MONTH, {"highlights": "Changed"}, first.revision)
    second = signing.open_correction(BEN, "TEST", MONTH, first.revision, "Two crimes were recorded late.")
    assert (second.number, second.state, second.narrative) == (2, State.DRAFT, {"highlights": "Words"})
    assert set(second.authors) == {"mary@example.org", "ben@example.org"}, "who wrote the first still wrote this text"
    assert versions.get(MARY, "TEST", MONTH, 1).state is State.SUBMITTED
    assert versions.submitted_by_month(MARY, "TEST")[MONTH].number == 1
    with pytest.raises(NotNow):
        signing.open_correction(MARY, "TEST", MONTH, second.revision, "Another one at once.")
    with pytest.raises(NotYours):
        signing.check(BEN, "TEST", MONTH, second.revision, frozen())


def test_submitting_a_correction_supersedes_what_it_corrects(engine, monkeypatch):
    first = submitted()
    second = signing.open_correction(MARY, "TEST", MONTH, first.revision, "Two crimes were recorded late.")
    v = signing.check(BEN, "TEST", MONTH, second.revision, frozen({"kind": "return", "text": "new"}))
    v = signing.approve(OLIVE, "TEST", MONTH, v.revision, b"%PDF v2", AT + timedelta(days=1))
    v = signing.certify(FAY, "TEST", MONTH, v.revision, b"%PDF v2 c", AT + timedelta(days=1))
    v = signing.submit(MARY, "TEST", MONTH, v.revision, b"%PDF v2 c s", AT + timedelta(days=1))
    one, two = versions.of_month(MARY, "TEST", MONTH)
    assert (one.state, two.state) == (State.SUPERSEDED, State.SUBMITTED)
    assert one.steps[-1].note == "Version 2 was submitted."
    assert versions.sealed_pdf(MARY, "TEST", one) == b"%PDF approved certified submitted", "kept for good"
    assert versions.newest_by_month(MARY, "TEST")[MONTH].number == 2


def dropped(first: versions.Version) -> versions.Version:
    """A correction of ``first`` with words of its own, opened by mistake."""
    second = signing.open_correction(MARY, "TEST", MONTH, first.revision, "Two crimes were recorded late.")
    second = narrative.save(MARY, "TEST", MONTH, {"highlights": "Other words"}, second.revision)
    return signing.drop_correction(BEN, "TEST", MONTH, second.revision, "It was another month's return.")


def test_a_dropped_correction_stays_and_what_it_was_to_correct_is_the_newest_again(engine):
    first = submitted()
    second = dropped(first)
    assert (second.state, second.number, second.corrects) == (State.DROPPED, 2, 1)
    assert (second.narrative, second.correction_reason) == (
        {"highlights": "Other words"},
        "Two crimes were recorded late.",
    )
    assert [s.action for s in second.steps] == [Action.CORRECT, Action.EDIT, Action.DROP]
    assert (second.steps[-1].who, second.steps[-1].note) == (
        "ben@example.org, manager",
        "It was another month's return.",
    )
    assert audit_events(engine)[-1] == "correction dropped"
    assert versions.latest(MARY, "TEST", MONTH) == first
    assert versions.newest_by_month(MARY, "TEST") == versions.submitted_by_month(MARY, "TEST") == {MONTH: first}
    assert versions.dropped(MARY, "TEST") == [second] == [versions.get(MARY, "TEST", MONTH, 2)]
    assert versions.is_sent(versions.latest(MARY, "TEST", MONTH))


def test_numbers_and_revisions_of_a_dropped_correction_are_not_used_again(engine):
    first = submitted()
    second = dropped(first)
    third = signing.open_correction(MARY, "TEST", MONTH, second.revision, "A visit was counted twice.")
    assert (third.number, third.corrects, third.narrative) == (3, 1, {"highlights": "Words"})
    for seen in range(first.revision, second.revision + 1):
        with pytest.raises(StaleVersion):  # words for the dropped one do not land in the next
            narrative.save(MARY, "TEST", MONTH, {"highlights": "Late words"}, seen)
    v = signing.check(BEN, "TEST", MONTH, third.revision, frozen())
    v = signing.approve(OLIVE, "TEST", MONTH, v.revision, b"%PDF v3", AT)
    v = signing.certify(FAY, "TEST", MONTH, v.revision, b"%PDF v3 c", AT)
    signing.submit(MARY, "TEST", MONTH, v.revision, b"%PDF v3 c s", AT)
    states = [v.state for v in versions.of_month(MARY, "TEST", MONTH)]
    assert states == [State.SUPERSEDED, State.DROPPED, State.SUBMITTED]


def test_whoever_looked_before_a_correction_was_dropped_opens_no_other_unawares(engine):
    first = submitted()
    second = dropped(first)
    now = versions.latest(MARY, "TEST", MONTH)
    assert (now.revision, now.month_revision) == (first.revision, second.revision)
    for seen in range(first.revision, second.revision):
        with pytest.raises(StaleVersion, match="version 2 was dropped, and version 1 is submitted"):
            signing.open_correction(MARY, "TEST", MONTH, seen, "A visit was counted twice.")
    assert signing.open_correction(MARY, "TEST", MONTH, now.month_revision, "A visit was counted twice.").number == 3


def test_only_a_draft_that_corrects_is_dropped_by_a_manager_with_a_reason(engine):
    draft, why = narrative.save(MARY, "TEST", MONTH, {}, 0), "It was opened by mistake."
    with pytest.raises(NotNow, match="Only a correction can be dropped"):
        signing.drop_correction(MARY, "TEST", MONTH, draft.revision, why)
    first = submitted(revision=draft.revision)
    second = signing.open_correction(MARY, "TEST", MONTH, first.revision, "Two crimes were recorded late.")
    with pytest.raises(NotYours, match="Your role may not drop a return"):
        signing.drop_correction(OLIVE, "TEST", MONTH, second.revision, why)
    with pytest.raises(narrative.TextRefused, match="Give a reason"):
        signing.drop_correction(MARY, "TEST", MONTH, second.revision, " no ")
    signed = signing.check(BEN, "TEST", MONTH, second.revision, frozen())
    with pytest.raises(NotNow, match="Send it back to draft first"):
        signing.drop_correction(MARY, "TEST", MONTH, signed.revision, why)
    back = signing.send_back(MARY, "TEST", MONTH, signed.revision, "It should never have been opened.")
    assert signing.drop_correction(MARY, "TEST", MONTH, back.revision, why).state is State.DROPPED


def test_of_two_who_drop_at_once_one_drops_and_one_is_told_by_whom(engine):
    first, together = submitted(), Barrier(2)
    second = signing.open_correction(MARY, "TEST", MONTH, first.revision, "Two crimes were recorded late.")

    def drop(who):
        together.wait(10)
        try:
            return signing.drop_correction(who, "TEST", MONTH, second.revision, "It was opened by mistake.").updated_by
        except StaleVersion as told:
            return str(told)

    with ThreadPoolExecutor(2) as pool:
        by, said = sorted(pool.map(drop, (MARY, BEN)), key=len)
    assert said.startswith(
        f"{by} changed this return since you opened it: version 2 was dropped, and version 1 is submitted"
    )
    assert audit_events(engine).count("correction dropped") == 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE return_version SET narrative = '{}'",
        "UPDATE return_version SET pdf = 'x'",
        "UPDATE return_version SET state = 'draft'",
        "UPDATE return_version SET contents = NULL, state = 'superseded'",
        "DELETE FROM return_version",
        "UPDATE return_version SET narrative = '{}' WHERE number = 2",
        "UPDATE return_version SET state = 'draft' WHERE number = 2",
        "UPDATE return_version SET state = 'superseded' WHERE number = 2",
        "DELETE FROM return_version WHERE number = 2",
        "UPDATE return_step SET actor = 'x'",
        "DELETE FROM return_step",
    ],
)
def test_the_database_itself_refuses_to_change_what_was_submitted_or_dropped(engine, statement):
    v = submitted()
    gone = dropped(v)
    with pytest.raises(IntegrityError, match=r"does not change|only ever added to"), engine.begin() as conn:
        conn.execute(text(statement))
    assert versions.of_month(MARY, "TEST", MONTH) == [v, gone]


def test_a_stored_file_that_was_changed_on_disk_is_given_to_nobody(engine):
    v = submitted()
    with engine.begin() as conn:
        conn.execute(text("DROP TRIGGER return_version_kept"))
        conn.execute(text("UPDATE return_version SET pdf = CAST(pdf || X'00' AS BLOB)"))
    with pytest.raises(versions.Damaged, match="not the one that was sealed"):
        versions.sealed_pdf(MARY, "TEST", v)


def _count(engine, table) -> int:
    with engine.connect() as conn:
        return conn.execute(select(func.count()).select_from(table)).scalar()


def test_of_two_who_sign_at_once_one_signs_and_one_is_told(engine):
    v = narrative.save(MARY, "TEST", MONTH, {"highlights": "Words"}, 0)
    seen, together = frozen(), Barrier(2)
    carl = person("ben").__class__("carl@example.org", BEN.role, BEN.programme_codes, BEN.permissions)

    def sign(who):
        together.wait(10)
        try:
            return signing.check(who, "TEST", MONTH, v.revision, seen).state.value
        except (StaleVersion, NotNow) as told:
            return str(told)

    with ThreadPoolExecutor(2) as pool:
        said = sorted(pool.map(sign, (BEN, carl)))
    assert said[-1] == "checked"
    assert "changed this return since you opened it" in said[0]
    assert len(versions.latest(MARY, "TEST", MONTH).signatures) == 1
    assert audit_events(engine).count("return checked") == 1


@pytest.mark.parametrize("broken", ["record", "step"])
def test_a_step_that_breaks_in_the_middle_leaves_everything_as_it_was(engine, monkeypatch, broken):
    first = submitted()
    second = signing.open_correction(MARY, "TEST", MONTH, first.revision, "Two crimes were recorded late.")
    v = signing.check(BEN, "TEST", MONTH, second.revision, frozen())
    v = signing.approve(OLIVE, "TEST", MONTH, v.revision, b"%PDF v2", AT)
    v = signing.certify(FAY, "TEST", MONTH, v.revision, b"%PDF v2 c", AT)
    steps, before = _count(engine, schema.return_step), versions.of_month(MARY, "TEST", MONTH)

    def pulled(*_: object, **__: object) -> None:
        raise OSError("No space left on device")

    target = (audit, "record") if broken == "record" else (signing, "record_step")
    monkeypatch.setattr(*target, pulled)
    with pytest.raises(OSError, match="No space"):
        signing.submit(MARY, "TEST", MONTH, v.revision, b"%PDF v2 c s", AT)
    monkeypatch.undo()
    monkeypatch.setenv("DATABASE_URL", str(engine.url))
    assert versions.of_month(MARY, "TEST", MONTH) == before
    assert _count(engine, schema.return_step) == steps
