"""Every method has a page that says what the code says: formula, how it misleads, error rate, source, example."""

from __future__ import annotations

import json

import pytest

from analysis.evaluation.calibration.table import rows
from analysis.evaluation.catalogue import Method, Use, methods
from components.block import BLOCKS
from domain import formats
from pages._method_docs import blocks, document, inline
from pages._method_page import USES, method_page
from tests.portal import text_of

DOC = """Ratio of two things.

With ``a`` and :class:`~some.module.Thing`::

    r = a / b

- one point
  that runs on
- another

Parameters
----------
a, b : float
    Counts, >= 0.

Returns
-------
ResultRecord or Refusal
    Refusal for nothing.

Notes
-----
How it can mislead: small *numbers*.

It is quick.

References
----------
One, A. (2001). A title that
    runs on. Journal 1, 2.
.. [2] Two, B. (2002). Book.

Examples
--------
>>> 1 + 1
2
"""


def plain(part: object) -> str:
    return text_of(json.loads(json.dumps(part, default=lambda c: c.to_plotly_json())))


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch) -> Method:
    def ratio(a: float, b: float = 1.0) -> float:
        return a / b

    ratio.__doc__ = DOC
    monkeypatch.setattr(Method, "load", lambda self: ratio)
    return Method("test-only", "Test", "harm", Use.SUPPORT, "harm.test:ratio")


def test_a_docstring_falls_into_its_parts(example: Method) -> None:
    found = document(example)
    assert found.summary == "Ratio of two things."
    assert found.misleads == "Small *numbers*."
    assert found.notes == "It is quick."
    assert [(p.name, p.kind, p.meaning) for p in found.parameters] == [("a, b", "float", "Counts, >= 0.")]
    assert found.returns[0].kind == "ResultRecord or Refusal"
    assert found.sources == ("One, A. (2001). A title that runs on. Journal 1, 2.", "Two, B. (2002). Book.")
    assert found.example == ">>> 1 + 1\n2"
    assert found.signature == "ratio(a, b=1.0)"


def test_formulas_lists_and_code_are_set_as_such(example: Method) -> None:
    text, formula, items = blocks(document(example).description, "Formula")
    assert plain(text) == "With a and Thing:"
    assert [type(part).__name__ for part in text.children] == ["str", "Code", "str", "Code", "str"]
    assert (formula.children, formula.tabIndex) == ("r = a / b", "0")
    assert [plain(item) for item in items.children] == ["one point that runs on", "another"]


def test_inline_text_loses_nothing() -> None:
    assert "".join(map(plain, inline("2 * 3 * 4 and ``x_1`` or *so*"))) == "2 * 3 * 4 and x_1 or so"


def test_every_role_is_explained() -> None:
    assert set(USES) == set(Use)


@pytest.mark.parametrize("key", list(methods()))
def test_the_page_of(key: str) -> None:
    method, found, said = methods()[key], document(methods()[key]), plain(method_page(key))
    assert f"“{method.title}”" in said
    assert found.summary.endswith(".")
    assert found.description, "no formula or terms"
    assert found.misleads, "does not say how it can mislead"
    assert found.sources
    assert ">>>" in found.example
    assert "``" not in said
    assert ":func:" not in said
    assert "How it can mislead" in said
    for row in rows():
        if row.method == key:
            assert formats.percent(row.alarms, 1) in said


def test_an_unknown_method_is_said_to_be_unknown() -> None:
    assert "No method is called “nothing”." in plain(method_page("nothing"))


def test_every_figure_links_to_methods_that_exist() -> None:
    import pages.evaluation._summary_blocks  # noqa: F401 (registers its blocks)

    used = {key for block in BLOCKS.values() for key in block.methods}
    assert used
    assert used - set(methods()) == set()
