"""Draws of the path of a step: the option that each choice evaluates."""

from collections.abc import Sequence

import keras
from keras import ops

from ntaa_tf.layers.choice import Choice


def draw_paths(
    choices: Sequence[Choice], seed: keras.random.SeedGenerator
) -> None:
    """Draw an option for every choice, with the choice's own probabilities.

    Args:
        choices: the searched layers.
        seed: random seed of the draws.

    Source: Jang et al., "Categorical Reparameterization with Gumbel-Softmax",
    2017, equation 1: the argmax of log q plus Gumbel noise is a draw from q.
    """
    # One random tensor for all choices is cheaper than one for each. A choice
    # with fewer options uses the beginning of its row.
    most = max(len(choice.options) for choice in choices)
    uniform = keras.random.uniform((len(choices), most), seed=seed)
    gumbel = ops.unstack(-ops.log(-ops.log(uniform)), len(choices))
    for choice, noise in zip(choices, gumbel, strict=True):
        scores = ops.log(choice.probabilities())
        drawn = ops.argmax(scores + noise[: len(choice.options)])
        choice.drawn.assign(ops.cast(drawn, "int32"))
