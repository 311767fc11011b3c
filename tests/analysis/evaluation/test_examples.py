"""The examples that a reviewer is given run as written: in the guide, and under every method of the catalogue."""

import doctest
from importlib import import_module
from pathlib import Path

import pytest

from analysis.evaluation.catalogue import methods

GUIDE = Path(__file__).resolve().parents[3] / "docs" / "evaluation.md"


def test_the_guide():
    found = doctest.testfile(str(GUIDE), module_relative=False)
    assert (found.attempted > 20, found.failed) == (True, 0)


@pytest.mark.parametrize("key", list(methods()))
def test_the_example_of_a_method(key):
    function = methods()[key].load()
    module = import_module(function.__module__)
    found = [t for t in doctest.DocTestFinder(recurse=False).find(function, globs=vars(module).copy()) if t.examples]
    assert found, f"{key} has no example"
    runner = doctest.DocTestRunner()
    for test in found:
        runner.run(test)
    assert runner.failures == 0
