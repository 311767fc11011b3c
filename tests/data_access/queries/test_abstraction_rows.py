"""Who is told how much about why patrols were taken away."""

from __future__ import annotations

from datetime import date

from data_access import patrols

FEB = ("2023-02-01", "2023-02-28")


def fill(programme, counts: dict[tuple[str, str], int]) -> None:
    rows = [
        {"spot": "HS1", "day": date(2023, 2, 14), "provider": provider, "abstracted_minutes": 10.0, "abstraction_reason": reason}
        for (reason, provider), count in counts.items() for _ in range(count)
    ]  # fmt: skip
    with programme() as m:
        m.plan(rows, period=(date(2023, 2, 1), date(2023, 2, 28)))


def told(frame) -> list[tuple]:
    return list(frame[["reason", "provider", "minutes", "visits"]].itertuples(index=False, name=None))


def test_outside_the_operational_roles_providers_are_added_up_and_small_reasons_merged(
    programme, manager, funder, asked
):
    fill(programme, {
        ("court", "outreach"): 3, ("court", "police-overtime"): 2, ("training", "outreach"): 4,
        ("sickness or absence", "police-overtime"): 1, ("other", "outreach"): 7,
    })  # fmt: skip
    assert ("sickness or absence", "police-overtime", 10.0, 1) in told(patrols.abstractions(manager, asked(*FEB)))
    assert told(patrols.abstractions(funder, asked(*FEB))) == [
        ("other reasons", "all providers", 120.0, 12), ("court", "all providers", 50.0, 5),
    ]  # fmt: skip


def test_other_reasons_that_stay_small_are_left_out_with_a_note(programme, funder, asked):
    fill(programme, {("court", "outreach"): 5, ("training", "outreach"): 3, ("sickness or absence", "outreach"): 1})
    found = patrols.abstractions(funder, asked(*FEB))
    assert told(found) == [("court", "all providers", 50.0, 5)]
    assert any("fewer than 5" in note for note in found.attrs["notes"])


def test_only_small_reasons_make_an_empty_table(programme, funder, asked):
    fill(programme, {("sickness or absence", "outreach"): 1})
    found = patrols.abstractions(funder, asked(*FEB))
    assert found.empty
    assert found.attrs["notes"]


def test_large_reasons_stay_as_they_are(programme, funder, asked):
    fill(programme, {("court", "outreach"): 5, ("other", "police-overtime"): 6})
    found = patrols.abstractions(funder, asked(*FEB))
    assert told(found) == [("other", "all providers", 60.0, 6), ("court", "all providers", 50.0, 5)]
    assert not found.attrs["notes"]
