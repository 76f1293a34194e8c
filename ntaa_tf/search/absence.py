"""Draws of the choices that are absent from a step of the search."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from ntaa_tf.layers.choice import Choice


def draw_absences(
    choices: Sequence[Choice], share: Any, seed: keras.random.SeedGenerator
) -> None:
    """Draw for each choice whether it is absent from this step.

    An absent choice leaves its place to the source's own operation. Changes
    that always train together come to need each other, so that each would be
    missed when it is judged, whatever it is worth.

    Args:
        choices: the searched layers.
        share: probability of being absent.
        seed: random seed of the draws.
    """
    uniform = keras.random.uniform((len(choices),), seed=seed)
    absences = ops.unstack(ops.cast(uniform < share, "float32"), len(choices))
    for choice, absence in zip(choices, absences, strict=True):
        choice.absence.assign(absence)
