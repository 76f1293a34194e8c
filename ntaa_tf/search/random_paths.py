"""The best of paths drawn at random: what single paths were trained for."""

from collections.abc import Callable

import keras

from ntaa_tf.search.joint import Supernet
from ntaa_tf.search.paths import draw_paths


def keep_best_path(
    supernet: Supernet, evaluate: Callable[[], float], num_paths: int
) -> list[float]:
    """Choose at every site what the best of some drawn paths takes there.

    Args:
        supernet: trained with the relaxation `single_path`.
        evaluate: gives the accuracy of the path that the supernet now takes.
        num_paths: how many are drawn, after the source's own.

    Returns:
        The accuracy of each path, the source's own first.
    """
    seed = keras.random.SeedGenerator(int(supernet.seed_generator.state[0]))
    accuracies: list[float] = []
    best: list[int] = []
    for choice in supernet.choices:
        choice.drawn.assign(0)
    for _ in range(1 + num_paths):
        accuracy = evaluate()
        if not accuracies or accuracy > max(accuracies):
            best = [int(choice.drawn) for choice in supernet.choices]
        accuracies.append(accuracy)
        draw_paths(supernet.choices, seed)
    for choice, drawn in zip(supernet.choices, best, strict=True):
        choice.choose(choice.options[drawn])
    return accuracies
