import numpy as np
import pytest
from search.small_models import make_residual
from search.small_models import randomize

from ntaa_tf import insert_mixed_ops
from ntaa_tf.layers.choice import SINGLE_PATH
from ntaa_tf.search.random_paths import keep_best_path


@pytest.fixture
def supernet(rng):
    supernet = insert_mixed_ops(randomize(make_residual(), rng))
    for choice in supernet.choices:
        choice.relaxation = SINGLE_PATH
        choice.set_pulls(0.0, 0.0)
    return supernet


def test_the_best_of_the_drawn_paths_is_chosen(supernet):
    paths = []

    def evaluate():
        paths.append([int(choice.drawn) for choice in supernet.choices])
        return len(set(paths[-1]))  # The more different, the better.

    accuracies = keep_best_path(supernet, evaluate, num_paths=30)
    assert len(paths) == len(accuracies) == 31
    assert paths[0] == [0] * len(supernet.choices)
    best = paths[int(np.argmax(accuracies))]
    assert max(accuracies) > accuracies[0]
    assert [c.options.index(c.winner) for c in supernet.choices] == best
    assert [int(choice.drawn) for choice in supernet.choices] == best


def test_the_source_is_kept_if_no_path_is_better(supernet):
    keep_best_path(supernet, lambda: 0.5, num_paths=3)
    assert not any(choice.changed for choice in supernet.choices)
