"""Changes stay if held-out losses say that they earn their price."""

import numpy as np
import pytest
from search.small_models import make_residual
from search.small_models import randomize

from ntaa_tf import insert_mixed_ops
from ntaa_tf.costs.measurement import measure_network
from ntaa_tf.search.burden_of_proof import EVERY_CHANGE
from ntaa_tf.search.burden_of_proof import BurdenOfProof
from ntaa_tf.search.burden_of_proof import measure_gain

EXAMPLES = 400


@pytest.fixture(scope="module")
def built():
    source = randomize(make_residual(), np.random.default_rng(0))
    supernet = insert_mixed_ops(source, "conv5x5,identity")
    return supernet, measure_network(supernet)


@pytest.fixture
def supernet(built):
    """A supernet with a wider kernel at every site, and its costs."""
    supernet, network = built
    for choice in supernet.choices:
        choice.choose("conv5x5")
    return supernet, network


def list_winners(supernet):
    return {choice.name: choice.winner for choice in supernet.choices}


def judge(supernet, worth, price=0.1, noise=0.0, seed=0, **kwargs):
    """Judge changes that are worth what `worth` says for the winners."""
    model, network = supernet
    seen = []
    # Each example has a loss and a noise of its own for each network.
    rng = np.random.default_rng(seed)
    own = rng.normal(size=EXAMPLES)

    def measure():
        seen.append(list_winners(model))
        assert all(float(c.end_pull) == 1 for c in model.choices)
        return 1.0 + own - worth(seen[-1]) + noise * rng.normal(size=EXAMPLES)

    burden = BurdenOfProof(model, measure, price, network, **kwargs)
    return burden.judge(), seen


def count(winners, *names):
    return sum(winners[name] != "source" for name in names)


def test_only_changes_that_earn_their_price_stay(supernet):
    judgements, seen = judge(supernet, lambda w: 0.4 * count(w, "first"))
    winners = list_winners(supernet[0])
    assert winners.pop("first") == "conv5x5"
    assert set(winners.values()) == {"source"}
    assert {j.choice for j in judgements if j.stays} == {"first"}
    # The whole network; each change once; and those that were judged before a
    # weaker one went, once more.
    assert len(seen) <= 1 + 2 * len(judgements)


def test_the_price_is_a_share_of_the_loss_for_each_doubling(supernet):
    model, network = supernet
    judgements, _ = judge(supernet, lambda w: 0.0, price=0.2)
    widened = dict.fromkeys(list_winners(model), "conv5x5")
    first = judgements[0]
    without = {**widened, first.choice: "source"}
    doublings = np.log2(
        network.evaluate(widened)["macs"] / network.evaluate(without)["macs"]
    )
    loss = 1.0 + np.random.default_rng(0).normal(size=EXAMPLES).mean()
    assert first.price == pytest.approx(0.2 * loss * doublings)


def test_the_weakest_goes_first_and_the_others_are_judged_without_it(supernet):
    names = [*list_winners(supernet[0])][:2]

    def worth(winners):  # Two changes that do the same: one is enough.
        return 0.3 * min(count(winners, *names), 1)

    judge(supernet, worth)
    assert count(list_winners(supernet[0]), *names) == 1


def test_a_saving_may_cost_what_it_is_worth(built):
    model, _ = built
    for choice in model.choices:
        choice.choose("source")
    choice = model.choices[0]
    choice.choose("identity")
    judgements, _ = judge(built, lambda w: -1e-4 * count(w, choice.name))
    assert judgements[0].price < judgements[0].low < 0
    assert choice.winner == "identity"
    judge(built, lambda w: -0.9 * count(w, choice.name))
    assert choice.winner == "source"


def test_chance_is_no_proof(supernet):
    """Changes worth nothing seem to gain, and are not kept in most cases."""
    kept = []
    for seed in range(10):
        for choice in supernet[0].choices:
            choice.choose("conv5x5")
        judgements, _ = judge(supernet, lambda w: 0.0, noise=0.5, seed=seed)
        kept += [j.stays for j in judgements if j.choice != EVERY_CHANGE]
    # One-sided 80 %: less than a fifth, as each also has a price.
    assert np.mean(kept) < 0.2


def test_what_is_worth_nothing_in_sum_goes_together(supernet):
    """Changes that each miss the others, but gain nothing over the source."""
    names = [*list_winners(supernet[0])]

    def worth(winners):
        present = count(winners, *names)
        return -0.5 * (0 < present < len(names))

    judgements, _ = judge(supernet, worth)
    assert count(list_winners(supernet[0]), *names) == 0
    assert judgements[-1].choice == EVERY_CHANGE
    assert not any(j.stays for j in judgements)


def test_what_is_not_allowed_is_not_taken_back(supernet):
    judge(
        supernet,
        lambda w: -0.5 * count(w, *w),
        allows=lambda options: options["first"] != "source",
    )
    winners = list_winners(supernet[0])
    assert winners.pop("first") == "conv5x5"
    assert set(winners.values()) == {"source"}


def test_a_network_without_changes_is_not_measured(built):
    for choice in built[0].choices:
        choice.choose("source")
    assert judge(built, lambda w: 0.0) == ([], [])


def test_the_interval_covers_the_gain(rng):
    lows = [measure_gain(rng.normal(0.1, 1, 200))[1] for _ in range(500)]
    assert np.mean(np.less(lows, 0.1)) == pytest.approx(0.8, abs=0.06)
