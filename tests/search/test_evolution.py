"""Evolution finds the best, keeps to what is allowed, and goes on."""

import json

import numpy as np
import pytest

from ntaa_tf.search.evolution import Evolution
from ntaa_tf.search.evolution import EvolutionSettings

SIZES = [4] * 8
BEST = (3, 1, 2, 0, 3, 3, 1, 2)
SMALL = EvolutionSettings(population=20, generations=15, parents=5)


def score(genes):
    return sum(gene == best for gene, best in zip(genes, BEST, strict=True))


def make(score=score, **kwargs):
    options = {"first": (0,) * len(SIZES), "settings": SMALL}
    return Evolution(SIZES, score, **(options | kwargs))


def test_it_finds_the_best_of_65536_with_few_looks():
    evolution = make()
    assert evolution.run() == BEST
    assert len(evolution.scores) <= 20 * 16


def test_it_is_better_than_as_many_random_draws():
    found, drawn = [], []
    for seed in range(5):
        evolution = make(seed=seed)
        found.append(score(evolution.run()))
        rng = np.random.default_rng(seed)
        drawn.append(
            max(
                score(rng.integers(4, size=len(SIZES)))
                for _ in range(len(evolution.scores))
            )
        )
    assert np.mean(found) > np.mean(drawn)


def test_only_what_is_allowed_is_scored():
    evolution = make(allows=lambda genes: sum(genes) <= 8)
    best = evolution.run()
    assert all(sum(genes) <= 8 for genes in evolution.scores)
    assert score(best) >= 5


def test_the_first_is_scored_and_nothing_twice():
    scored = []

    def note(genes):
        scored.append(genes)
        return score(genes)

    make(note, first=(1,) * 8).run()
    assert scored[0] == (1,) * 8
    assert len(scored) == len(set(scored))


def test_a_small_space_is_exhausted_and_ends():
    evolution = Evolution([2, 2], sum, first=(0, 0), settings=SMALL)
    assert evolution.run() == (1, 1)
    assert len(evolution.scores) == 4


def test_without_generations_it_is_the_best_of_the_first(rng):
    settings = EvolutionSettings(population=10, generations=0)
    evolution = make(settings=settings)
    assert score(evolution.run()) == max(evolution.scores.values())
    assert len(evolution.scores) == 10


def test_a_killed_evolution_goes_on_to_the_same_end(tmp_path):
    file = tmp_path / "scores.json"
    looks = []

    def die(genes):
        if len(looks) == 77:
            raise KeyboardInterrupt
        looks.append(genes)
        return score(genes)

    with pytest.raises(KeyboardInterrupt):
        make(die, file=file).run()
    assert len(json.loads(file.read_text())) == 77

    whole = make()
    again = make(file=file)
    assert again.run() == whole.run()
    assert again.scores == whole.scores
