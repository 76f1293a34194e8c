"""What several devices learn from."""

from types import SimpleNamespace

import numpy as np
import pytest

from ntaa_tf.recipe import Recipe
from ntaa_tf.stages import streams


def test_a_batch_that_can_not_be_divided_is_refused(monkeypatch):
    monkeypatch.setattr(streams, "count_replicas", lambda: 3)
    dataset = SimpleNamespace(
        train=SimpleNamespace(labels=np.arange(4)), target=None
    )
    streams.check_replicas(Recipe(batch_size=33), dataset)
    with pytest.raises(ValueError, match=r"Expected a multiple of 3.*: 32"):
        streams.check_replicas(Recipe(batch_size=32), dataset)
