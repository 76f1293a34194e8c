"""The budgeted derivation is exact: compared with all architectures."""

import itertools
import re

import keras
import numpy as np
import pytest
from search.small_models import make_residual
from search.small_models import make_shared

from ntaa_tf import Architecture
from ntaa_tf import Budget
from ntaa_tf import SiteChoice
from ntaa_tf import collapse
from ntaa_tf import derive
from ntaa_tf import insert_mixed_ops
from ntaa_tf.costs.latency_table import LatencyTable
from ntaa_tf.graph.cost import measure_cost
from ntaa_tf.search.budget import score_options
from ntaa_tf.search.replacements import input_name

COSTS = ("macs", "parameters", "depth")


def make_plain():
    """Three convolutions in a row, of which two can read earlier inputs."""
    tensor = inputs = keras.Input((8, 8, 3))
    for name, channels in (("stem", 4), ("a", 4), ("b", 8), ("c", 8)):
        tensor = keras.layers.Conv2D(
            channels, 3, padding="same", activation="relu", name=name
        )(tensor)
    pooled = keras.layers.GlobalAveragePooling2D()(tensor)
    return keras.Model(inputs, keras.layers.Dense(2)(pooled))


SPACES = {
    "residual": (make_residual, "conv5x5,identity", 1),
    "shared": (make_shared, "ntaa", 1),
    "skips": (make_plain, "conv5x5,identity", 3),
}


@pytest.fixture(scope="module", params=SPACES)
def searched(request):
    """A supernet with random logits, and the costs of all architectures."""
    make, candidates, skip_inputs = SPACES[request.param]
    keras.utils.set_random_seed(0)
    supernet = insert_mixed_ops(make(), candidates, skip_inputs=skip_inputs)
    rng = np.random.default_rng(0)
    for choice in supernet.choices:
        choice.logits.assign(2 * rng.normal(size=len(choice.options)))
    return supernet, list(map(measure_for(supernet), list_all(supernet)))


def list_all(supernet):
    """List the options of each choice, for every architecture."""
    choices = supernet.choices
    for options in itertools.product(*(choice.options for choice in choices)):
        names = (choice.name for choice in choices)
        yield dict(zip(names, options, strict=True))


def measure_for(supernet):
    scores = score_options(supernet)
    sites = [name for name in scores if not name.endswith("_input")]

    def measure(options):
        architecture = Architecture(
            {
                name: SiteChoice(
                    options[name], int(options.get(input_name(name), 0))
                )
                for name in sites
            }
        )
        cost = measure_cost(collapse(supernet, architecture))
        score = sum(scores[name][option] for name, option in options.items())
        return architecture, score, cost

    return measure


def find_best(measured, limits):
    fitting = [
        (score, architecture)
        for architecture, score, cost in measured
        if all(getattr(cost, name) <= most for name, most in limits.items())
    ]
    return max(fitting, key=lambda pair: pair[0])


def between(measured, name, share):
    values = [getattr(cost, name) for _, _, cost in measured]
    return float(np.quantile(values, share))


def test_costs_are_predicted_exactly(searched):
    supernet, measured = searched
    loose = {name: between(measured, name, 1) for name in COSTS}
    budget = Budget(supernet, loose)
    for architecture, _, cost in measured:
        predicted = budget.predict(architecture)
        assert predicted == {name: getattr(cost, name) for name in COSTS}


@pytest.mark.parametrize(
    ("share", "confidence", "expected"),
    [
        (1.0, 0.0, {"a", "b", "c"}),
        (1.0, 0.2, {"a"}),
        # Two sites must become cheaper. After `a`, `c` has the better logit.
        (0.6, 0.2, {"a", "c"}),
    ],
)
def test_a_budget_respects_the_confidence(share, confidence, expected):
    source = make_plain()
    supernet = insert_mixed_ops(source, "conv1x1")
    for choice, lead in zip(supernet.choices, (1.0, 0.2, 0.3), strict=True):
        choice.logits.assign([0.0, lead])
        choice.confidence = confidence
    limits = {"macs": share * measure_cost(source).macs}
    architecture = derive(supernet, Budget(supernet, limits))
    assert set(architecture.changed()) == expected


@pytest.mark.parametrize("share", [0.0, 0.1, 0.4, 1.0])
@pytest.mark.parametrize("name", COSTS)
def test_the_best_that_fits_is_derived(searched, name, share):
    supernet, measured = searched
    limits = {name: between(measured, name, share)}
    derived = derive(supernet, Budget(supernet, limits))
    _, best = find_best(measured, limits)
    assert derived == best


def test_limits_hold_together(searched):
    supernet, measured = searched
    limits = {name: between(measured, name, 0.5) for name in COSTS}
    derived = derive(supernet, Budget(supernet, limits))
    assert derived == find_best(measured, limits)[1]


def test_the_winners_are_kept_if_they_fit(searched):
    supernet, measured = searched
    limits = {name: between(measured, name, 1) for name in COSTS}
    assert derive(supernet, Budget(supernet, limits)) == derive(supernet)


@pytest.mark.parametrize("name", COSTS)
def test_an_impossible_limit_names_the_smallest_possible_one(searched, name):
    supernet, measured = searched
    least = min(getattr(cost, name) for _, _, cost in measured)
    message = f"{name} at most .*smallest reachable is {least:,}"
    with pytest.raises(ValueError, match=message):
        Budget(supernet, {name: least - 1})


def test_limits_that_clash_are_refused_together():
    supernet = insert_mixed_ops(make_plain(), "identity", sites="^a$")
    table = LatencyTable(10.0, {"a": {"source": 1.0, "identity": 5.0}})
    limits = {"latency_ms": 10.0, "depth": 4}
    with pytest.raises(ValueError, match="smallest within the others is 14"):
        Budget(supernet, limits, table)


def test_latency_is_that_of_the_table():
    supernet = insert_mixed_ops(make_plain(), "identity", sites="^a$|^b$")
    slow = {"source": 3.0, "identity": 1.0}
    table = LatencyTable(10.0, {"a": slow, "b": {**slow, "source": 6.0}})
    derived = derive(supernet, Budget(supernet, {"latency_ms": 4.0}, table))
    assert {site.candidate for site in derived.sites.values()} == {"identity"}
    derived = derive(supernet, Budget(supernet, {"latency_ms": 7.0}, table))
    assert derived.sites["a"].candidate == "source"
    assert derived.sites["b"].candidate == "identity"


def test_unknown_costs_are_refused():
    supernet = insert_mixed_ops(make_plain(), "identity")
    with pytest.raises(ValueError, match=r"`limits`.*\['watts'\]"):
        Budget(supernet, {"watts": 1})
    with pytest.raises(ValueError, match=re.escape("['latency_ms']")):
        Budget(supernet, {"latency_ms": 1})
