"""Reasons that nothing asks for, on the page of a return."""

from __future__ import annotations

from data_access.returns.versions import Reason, Version
from domain.return_states import State
from domain.scope import server_scope
from pages._returns_checks import section, without_place

HELD = {"outliers:what:0123456789": Reason("A festival brought many people.", "mary@example.org", "2024-01-01")}


def test_reasons_left_over_by_new_data_are_shown_to_those_who_can_remove_them() -> None:
    writer, reader = (str(section((), HELD, {}, writes=w)) for w in (True, False))
    assert "Reasons no longer asked for (1)" in writer
    assert "They go when the draft is next saved" in writer
    assert "A festival" in writer
    assert "A festival" not in reader


def test_no_reason_is_changed_or_added_where_the_page_has_no_box_for_it() -> None:
    (key,), signed = HELD, Version("2023-10", state=State.CHECKED, reasons=HELD)

    def gone(given: dict[str, str]) -> dict[str, str]:
        return without_place(server_scope("test"), "TEST", signed, {"highlights": "Other words."}, given)

    assert gone({}) == {}
    assert gone({key: f" {HELD[key].text} "}) == {}
    assert gone({key: "Something else altogether."}) == {key: "Something else altogether."}
    assert gone({"new": "A reason of another kind."}) == {"new": "A reason of another kind."}
