"""Every example in a docstring runs and gives what it says."""

import doctest
import importlib
import pkgutil
import sys

import keras
import numpy as np
import pytest

import ntaa_tf
from ntaa_tf.recipe import make_recipe

# Command lines with the names of public functions. Once imported, they would
# hide the functions from other tests.
HIDING = {f"ntaa_tf.{name}" for name in ntaa_tf.__all__}
MODULES = [
    module.name
    for module in pkgutil.walk_packages(ntaa_tf.__path__, "ntaa_tf.")
    if module.name not in HIDING
]


def public_names(package):
    return {name: getattr(package, name) for name in package.__all__}


def find_examples(module):
    """Find the examples of a module that know what a user would import."""
    package = sys.modules[module.__package__]
    known = public_names(ntaa_tf) | {"keras": keras, "np": np}
    known["make_recipe"] = make_recipe
    if hasattr(package, "__all__"):
        known |= public_names(package)
    tests = doctest.DocTestFinder().find(module, extraglobs=known)
    return [test for test in tests if test.examples]


@pytest.mark.parametrize("name", MODULES)
def test_examples_give_what_they_say(name):
    complaints = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    for test in find_examples(importlib.import_module(name)):
        runner.run(test, out=complaints.append)
    assert not complaints, "".join(complaints)


def test_examples_are_found_and_wrong_ones_fail():
    module = importlib.import_module("ntaa_tf.graph.cost")
    (test,) = find_examples(module)
    test.examples[-1].want = "something else\n"
    runner = doctest.DocTestRunner(verbose=False)
    assert runner.run(test, out=lambda _: None).failed == 1
