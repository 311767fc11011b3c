"""Programmes, areas, freshness, comparators, engagements, case studies."""

from __future__ import annotations

import hashlib
from datetime import date, datetime

import pytest
from sqlalchemy import update

from data_access import areas, case_studies, comparators, engagements, programmes, schema
from domain.periods import Period
from domain.roles import Role
from domain.scope import OutOfScope, scope_for
from tests.factories import Maker, audit_events


class TestProgrammes:
    def test_a_viewer_sees_only_their_programmes(self, engine, manager, server):
        with engine.begin() as conn:
            Maker(conn)
            Maker(conn, code="OTHER", name="Other city")
        assert [p.code for p in programmes.list_programmes(manager)] == ["TEST"]
        assert [p.code for p in programmes.list_programmes(server)] == ["OTHER", "TEST"]
        with pytest.raises(OutOfScope):
            programmes.get_programme(manager, "OTHER")
        assert programmes.get_programme(manager, "TEST").service_name == "Outreach"

    def test_default_period_is_the_service_window(self, programme, server):
        with programme():
            pass
        found = programmes.filter_defaults(server, "TEST")
        assert found.period == Period(date(2023, 2, 1), date(2023, 12, 31))
        assert dict(found.hot_spot_names) == {"HS1": "Clock Tower", "HS2": "Station", "HS3": "Market"}
        assert found.before_window == Period(date(2022, 3, 1), date(2022, 12, 31))
        assert found.area_word == "hot spots"

    def test_without_a_window_it_is_the_last_twelve_whole_months(self, programme, server):
        with programme(evaluation={}, resolution="month") as m:
            m.crimes([], kind="police-uk", period=(date(2022, 1, 1), date(2023, 5, 20)))
        found = programmes.filter_defaults(server, "TEST")
        assert found.period == Period(date(2022, 5, 1), date(2023, 4, 30))
        assert found.area_word == "areas"

    def test_as_at(self, programme, server):
        with programme() as m:
            m.crimes([], period=(date(2023, 1, 1), date(2023, 12, 24)))
            m.pings_load(date(2023, 1, 1), date(2023, 11, 3))
            m.load("crimes", date(2024, 1, 1), date(2024, 6, 30), status="superseded", at=datetime(2024, 9, 9))
            m.weights("May 2023", fallback=True)
        found = programmes.data_as_at(server, "TEST")
        assert (found.crimes_to, found.pings_to) == (date(2023, 12, 24), date(2023, 11, 3))
        assert found.provisional_from == date(2023, 11, 12)
        assert found.last_load == datetime(2024, 2, 5, 9, 0)
        assert (found.weight_edition, found.weight_fallback) == ("May 2023", True)

    def test_the_data_hash_is_of_current_loads_in_any_order(self, engine, server):
        with engine.begin() as conn:
            maker = Maker(conn)
            for text in ("b", "a"):
                maker.load("costs", text=text)
            maker.load("costs", text="old", status="superseded")
        both = sorted(hashlib.sha256(t.encode()).hexdigest() for t in "ab")
        wanted = hashlib.sha256("\n".join(both).encode()).hexdigest()
        assert programmes.data_as_at(server, "TEST").data_sha256 == wanted

    def test_areas_in_order_with_their_outline(self, programme, server, stranger):
        with programme():
            pass
        found = areas.hot_spots(server, "TEST")
        assert list(found["code"]) == ["HS1", "HS2", "HS3"]
        assert found.loc[0, "geometry"]["type"] == "Polygon"
        with pytest.raises(OutOfScope):
            areas.hot_spots(stranger, "TEST")

    def test_comparators_are_by_place_and_month(self, programme, server, stranger):
        with programme() as m:
            m.comparators([("Derby", "2023-02", 10), ("Derby", "2023-01", 9), ("Coventry", "2023-01", 20)])
        found = comparators.comparator_months(server, "TEST")
        assert list(found.itertuples(index=False, name=None)) == [
            ("Coventry", "2023-01", 20), ("Derby", "2023-01", 9), ("Derby", "2023-02", 10),
        ]  # fmt: skip
        with pytest.raises(OutOfScope):
            comparators.comparator_months(stranger, "TEST")


class TestEngagements:
    @pytest.fixture(autouse=True)
    def counts(self, programme):
        with programme() as m:
            m.engagements([
                (date(2023, 2, 1), "HS1", "outreach", "engagement_brief", 30),
                (date(2023, 2, 2), None, "outreach", "engagement_brief", 6),
                (date(2023, 3, 2), "HS2", "outreach", "engagement_brief", 8),
                (date(2023, 2, 2), "HS1", "police-overtime", "arrests", 2),
                (date(2023, 2, 9), "HS2", "police-overtime", "arrests", 9),
                (date(2023, 5, 9), "HS2", "police-overtime", "asb_cpn", 9),
            ])  # fmt: skip

    def test_totals_with_zeros_for_measures_held_and_nothing_for_others(self, server, asked):
        found = engagements.engagement_table(server, asked("2023-02-01", "2023-02-28")).set_index("measure")
        assert dict(found["count"]) == {"arrests": 11, "asb_cpn": 0, "engagement_brief": 36}
        assert found.loc["arrests", "section"] == "D"
        assert found.loc["engagement_brief", "label"] == "Engagements, brief"
        assert "people_engaged" not in found.index

    def test_by_month_and_hot_spot(self, server, asked):
        found = engagements.engagement_table(server, asked("2023-02-01", "2023-03-31"), ("month", "measure"))
        brief = found[found["measure"] == "engagement_brief"]
        assert list(brief["count"]) == [36, 8]
        spot = engagements.engagement_table(server, asked("2023-02-01", "2023-03-31", "HS1"))
        assert dict(zip(spot["measure"], spot["count"], strict=True)) == {
            "arrests": 2, "asb_cpn": 0, "engagement_brief": 30,
        }  # fmt: skip
        assert "left out, because hot spots are chosen" in spot.attrs["notes"][0]

    def test_counts_of_single_acts_are_for_the_operational_roles(self, funder, asked):
        with pytest.raises(OutOfScope, match="counts of 1 to 4"):
            engagements.engagement_table(funder, asked("2023-02-01", "2023-02-28"), ("hot_spot", "measure"))

    def test_measures_are_never_added_up(self, server, asked):
        with pytest.raises(ValueError, match="do not add up"):
            engagements.engagement_table(server, asked("2023-02-01", "2023-02-28"), ("month",))

    def test_scope(self, stranger, asked):
        with pytest.raises(OutOfScope):
            engagements.engagement_table(stranger, asked("2023-02-01", "2023-02-28"))


class TestCaseStudies:
    @pytest.fixture(autouse=True)
    def drafts(self, programme):
        with programme() as m:
            m.case_study("CS1", author="Ann Author")
            m.case_study("CS2")

    @pytest.fixture
    def approver(self):
        return scope_for("ben@example.org", Role.APPROVER, frozenset({"TEST"}))

    def test_two_people_release_it(self, engine, server, approver):
        assert case_studies.approve(engine, "TEST", "CS1", "Ben", "approver") == "draft"
        assert case_studies.approved(server, "TEST") == []
        assert case_studies.approve(engine, "TEST", "CS1", "Cat", Role.INFORMATION_GOVERNANCE) == "approved"
        (study,) = case_studies.approved(server, "TEST")
        assert study.reference == "CS1"
        assert [a["who"] for a in study.approvals] == ["Ben", "Cat"]
        assert [s.reference for s in case_studies.pending(approver, "TEST")] == ["CS2"]
        assert audit_events(engine) == ["case study approved", "case study approved"]

    @pytest.mark.parametrize(
        ("who", "role", "why"),
        [("ann  AUTHOR", "approver", "wrote case study"), ("Ben", "approver", "already approved"),
         ("Mary", "manager", "cannot release"), ("Fred", "funder", "cannot release")],
    )  # fmt: skip
    def test_who_may_not(self, engine, who, role, why):
        case_studies.approve(engine, "TEST", "CS1", "Ben", "approver")
        with pytest.raises(case_studies.ApprovalRefused, match=why):
            case_studies.approve(engine, "TEST", "CS1", who, role)
        assert audit_events(engine) == ["case study approved"]

    def test_a_changed_word_voids_the_approvals(self, engine, server):
        for who in ("Ben", "Cat"):
            case_studies.approve(engine, "TEST", "CS1", who, "approver")
        with engine.begin() as conn:
            conn.execute(update(schema.case_study).where(schema.case_study.c.reference == "CS1").values(outcome="New"))
        assert case_studies.approved(server, "TEST") == []

    def test_words_changed_while_reading_are_not_approved(self, engine, approver):
        read = case_studies.pending(approver, "TEST")[0].text_sha256
        with engine.begin() as conn:
            conn.execute(update(schema.case_study).values(title="Another title"))
        with pytest.raises(case_studies.ApprovalRefused, match="has changed since you opened it"):
            case_studies.approve_as(approver, "TEST", "CS1", sha256=read)

    def test_withdrawal_hides_it_and_keeps_the_record(self, engine, server):
        for who in ("Ben", "Cat"):
            case_studies.approve(engine, "TEST", "CS1", who, "approver")
        with pytest.raises(case_studies.ApprovalRefused, match="reason"):
            case_studies.withdraw(engine, "TEST", "CS1", "Ben", "approver", reason=" ")
        case_studies.withdraw(engine, "TEST", "CS1", "Ben", "approver", reason="Too recognisable")
        assert case_studies.approved(server, "TEST") == []
        assert audit_events(engine)[-1] == "case study withdrawn"
        with pytest.raises(case_studies.ApprovalRefused, match="only a draft"):
            case_studies.approve(engine, "TEST", "CS1", "Dan", "approver")

    def test_as_the_viewer(self, approver, manager, stranger):
        assert "One more person" in case_studies.approve_as(approver, "TEST", "CS1")
        for scope in (manager, stranger):
            with pytest.raises(OutOfScope):
                case_studies.approve_as(scope, "TEST", "CS1")
        with pytest.raises(OutOfScope):
            case_studies.pending(manager, "TEST")
