"""Writing in a return: nothing of another editor's is lost, and what is too long or too short is said."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from data_access import schema
from data_access.returns import narrative, signing, versions
from data_access.returns.changing import StaleVersion
from domain.scope import OutOfScope
from tests.data_access.returns.conftest import MONTH, frozen, person
from tests.factories import audit_events


def test_saving_raises_the_revision_and_is_audited(engine):
    mary = person("mary")
    assert versions.latest(mary, "TEST", MONTH).revision == 0
    first = narrative.save(mary, "TEST", MONTH, {"highlights": " Good "}, 0)
    second = narrative.save(mary, "TEST", MONTH, {"highlights": "Better"}, first.revision)
    held = versions.latest(mary, "TEST", MONTH)
    assert (held.revision, held.narrative, held.updated_by) == (2, {"highlights": "Better"}, "mary@example.org")
    assert held == second
    assert audit_events(engine) == ["narrative saved", "narrative saved"]


@pytest.mark.parametrize("revision", [0, 2])
def test_the_second_of_two_editors_is_told(engine, revision):
    narrative.save(person("mary"), "TEST", MONTH, {"highlights": "Mine"}, 0)
    with pytest.raises(StaleVersion, match=r"mary@example.org changed this return.*Look at it as it is now"):
        narrative.save(person("ben"), "TEST", MONTH, {"highlights": "Theirs"}, revision)
    assert versions.latest(person("ben"), "TEST", MONTH).narrative == {"highlights": "Mine"}
    with engine.connect() as conn:
        assert conn.execute(select(func.count()).select_from(schema.return_version)).scalar() == 1


def test_three_hundred_words_and_four_thousand_characters_and_no_more(engine):
    mary = person("mary")
    narrative.save(mary, "TEST", MONTH, {"learning": "word " * 300}, 0)
    with pytest.raises(narrative.TextRefused, match="301 words"):
        narrative.save(mary, "TEST", MONTH, {"learning": "word " * 301}, 1)
    narrative.save(mary, "TEST", MONTH, {"learning": "x" * 4000}, 1)  # without spaces it is one word
    with pytest.raises(narrative.TextRefused, match="4,001 characters; the return takes at most 4,000"):
        narrative.save(mary, "TEST", MONTH, {"learning": "x" * 4001}, 2)


def test_a_reason_keeps_who_gave_it_until_another_changes_it(engine):
    mary, ben = person("mary"), person("ben")
    narrative.save(mary, "TEST", MONTH, {}, 0, {"outlier:1": "A festival brought 90,000 people.", "gps:2": ""})
    held = narrative.save(
        ben, "TEST", MONTH, {}, 1, {"outlier:1": "A festival brought 90,000 people.", "gps:2": "x" * 10}
    )
    assert held.reasons["outlier:1"].by == "mary@example.org", "unchanged, so still hers"
    assert held.reasons["gps:2"].by == "ben@example.org"
    assert set(narrative.save(mary, "TEST", MONTH, {}, 2, {"outlier:1": " "}).reasons) == {"gps:2"}, "taken back"
    with pytest.raises(narrative.TextRefused, match="“because” is too short"):
        narrative.save(mary, "TEST", MONTH, {}, 3, {"outlier:1": "because"})


def test_a_save_that_changes_nothing_makes_nobody_an_author_and_takes_no_signature(engine):
    v = narrative.save(person("mary"), "TEST", MONTH, {"highlights": "Words"}, 0)
    v = signing.check(person("ben"), "TEST", MONTH, v.revision, frozen())
    assert narrative.save(person("mary"), "TEST", MONTH, {"highlights": " Words "}, v.revision) == v
    assert v.authors == ("mary@example.org",)
    with pytest.raises(OutOfScope, match="Your role may not edit"):
        narrative.save(person("olive"), "TEST", MONTH, {"highlights": "Words"}, v.revision)


def test_marks_that_no_page_can_show_are_left_out(engine):
    text = "One\r\ntwo\u202edesrever\0\a, Siân’s\tthree"
    held = narrative.save(person("mary"), "TEST", MONTH, {"highlights": text}, 0)
    assert held.narrative["highlights"] == "One\ntwodesrever, Siân’s three"


def test_a_reason_for_a_finding_that_cannot_be_is_refused(engine):
    with pytest.raises(narrative.TextRefused, match="does not exist"):
        narrative.save(person("mary"), "TEST", MONTH, {}, 0, {"x" * 201: "A reason that is long enough."})


def test_who_may(engine):
    for scope in (person("fred"), person("mary", "OTHER")):
        with pytest.raises(OutOfScope):
            versions.latest(scope, "TEST", MONTH)
        with pytest.raises(OutOfScope):
            narrative.save(scope, "TEST", MONTH, {}, 0)
    with pytest.raises(OutOfScope, match="Your role may not edit"):
        narrative.save(person("olive"), "TEST", MONTH, {}, 0)
