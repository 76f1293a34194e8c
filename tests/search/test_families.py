"""Exact start and exact collapse on every family of keras.applications."""

import keras
import numpy as np
import pytest

from ntaa_tf import collapse
from ntaa_tf import insert_mixed_ops
from ntaa_tf.graph.rewrite import flatten
from ntaa_tf.search.insert import choose_sites
from ntaa_tf.training.batch_norm_calibration import Recalibration

# The image size and the number of sites of each, so that a family never loses
# sites unnoticed.
FAMILIES = {
    "VGG19": (32, 15),
    "ResNet50": (32, 48),
    "MobileNet": (32, 26),
    "MobileNetV2": (64, 51),
    "MobileNetV3Small": (32, 33),
    "EfficientNetB0": (64, 48),
    "DenseNet121": (32, 119),
    "InceptionV3": (75, 93),
    "Xception": (71, 35),
    "NASNetMobile": (32, 185),
    "ConvNeXtTiny": (32, 18),
}
# A network with more sites gets mixed ops at an even part of them only:
# insertion at all of them takes minutes.
MOST_SITES = 60
# The other families belong to `make test-all`.
SHORT = ("VGG19", "MobileNet", "ConvNeXtTiny")
TIGHT = ("ResNet50", "VGG19")


@pytest.mark.parametrize(
    "family",
    [
        pytest.param(family, marks=() if family in SHORT else pytest.mark.long)
        for family in FAMILIES
    ],
)
def test_family(family, rng):
    size, num_sites = FAMILIES[family]
    keras.utils.set_random_seed(0)
    source = getattr(keras.applications, family)(
        weights=None, include_top=False, input_shape=(size, size, 3)
    )
    images = rng.uniform(0, 255, (8, size, size, 3)).astype("float32")
    # Fresh moving statistics would let the signal of deep networks vanish.
    Recalibration(source)([images])
    expected = np.array(source(images))
    spread = np.ptp(expected)
    assert spread > 1e-3

    sites = choose_sites(flatten(source), "ntaa", "all", skip_inputs=1)
    assert len(sites) == num_sites
    names = [site.name for site in sites[:: 1 + num_sites // MOST_SITES]]
    supernet = insert_mixed_ops(source, sites=f"^({'|'.join(names)})$")
    assert {choice.name for choice in supernet.choices} == set(names)
    bound = 1e-5 if family in TIGHT else 1e-4
    difference = np.abs(supernet(images) - expected).max()
    assert difference <= bound * spread

    # A random network amplifies rounding errors, more with every changed site.
    # So few sites change and the bound is wide. The tests of the layers have
    # tight bounds.
    for choice in supernet.choices[::4]:
        choice.choose(str(rng.choice(choice.options)))
    Recalibration(supernet)([images])
    mixed = np.array(supernet(images))
    collapsed = np.array(collapse(supernet)(images))
    assert np.abs(collapsed - mixed).max() <= 1e-2 * np.ptp(mixed)
