"""Presets: choices that are set together by one name."""

from collections.abc import Mapping
from typing import Any

from ntaa_tf.recipe.values import EXPECTATION
from ntaa_tf.recipe.values import SEPARATE_SCHEDULES

NO_PRESET, PAPER = "none", "paper"
PRESETS: Mapping[str, Mapping[str, Any]] = {
    NO_PRESET: {},
    # NTAA, section III: the literal search space with the skip connections,
    # the initial logits 1 and 0, and the penalty of equation 17. Nothing of
    # ours is left: no warm-up, no annealed start or end, no judging.
    PAPER: {
        "candidates": "ntaa_dense",
        "skip_inputs": 3,
        "candidate_weights": "inherit",
        "start": "paper",
        "end": "paper",
        "source_penalty": 1e-4,
        "cost_weight": 0.0,
        "warm_up": 0.0,
        "price": 0.0,
        "confidence": 0.0,
        "scale_weight_free": False,
        "relaxation": EXPECTATION,
        "schedule": SEPARATE_SCHEDULES,
    },
}
