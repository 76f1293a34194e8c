"""Whole runs share the pretraining of the embedded source."""

import numpy as np
import pytest

from ntaa_tf.zoo import embedded


@pytest.fixture(scope="session", autouse=True)
def one_pretraining():
    """Pretrain the embedded source once in a process, and copy its weights."""
    pretrain, kept = embedded.pretrain_digits, {}

    def load(image_size, seed=0):
        if (image_size, seed) not in kept:
            kept[image_size, seed] = pretrain(image_size, seed).get_weights()
        random = np.random.default_rng(seed)
        model = embedded.build_classifier(image_size, random)
        model.set_weights(kept[image_size, seed])
        return model

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(embedded, "pretrain_digits", load)
        yield
