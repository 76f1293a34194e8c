"""What the README shows runs."""

import re
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

README = Path(__file__).parents[1] / "README.md"


def test_python_example_runs_and_keeps_its_promises(rng):
    (example,) = re.findall(r"```python\n(.*?)```", README.read_text(), re.S)
    assert len(example.strip().splitlines()) <= 14
    inputs = keras.Input((8, 8, 3))
    hidden = keras.layers.Conv2D(4, 3, padding="same")(inputs)
    hidden = keras.layers.Conv2D(4, 3, padding="same", name="site")(hidden)
    pooled = keras.layers.GlobalAveragePooling2D()(hidden)
    source = keras.Model(inputs, keras.layers.Dense(2)(pooled))
    images = rng.normal(size=(16, 8, 8, 3)).astype("float32")
    train = tf.data.Dataset.from_tensor_slices(
        (images, rng.integers(2, size=16))
    ).batch(8)
    names = {"source": source, "train": train}
    exec(example, names)
    np.testing.assert_allclose(
        names["adapted"](images), names["supernet"](images), atol=1e-5
    )
    assert names["architecture"].sites.keys() == {"site"}


def test_make_targets_exist():
    targets = re.findall(r"^    make (\w+)", README.read_text(), re.M)
    makefile = (README.parent / "Makefile").read_text()
    assert targets
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.M)
