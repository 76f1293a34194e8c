"""Heads give an embedding and logits of identities, of stock layers."""

import keras
import numpy as np
import pytest

from ntaa_tf.tasks.heads import attach_embedding
from ntaa_tf.tasks.heads import attach_stripes
from ntaa_tf.tasks.heads import remove_classifier

HEIGHT, WIDTH, CHANNELS = 8, 4, 6


@pytest.fixture
def features():
    images = keras.Input((HEIGHT, WIDTH, 3), name="images")
    conv = keras.layers.Conv2D(CHANNELS, 3, padding="same", name="conv")
    return keras.Model(images, conv(images), name="features")


@pytest.fixture
def images(rng):
    return rng.normal(size=(5, HEIGHT, WIDTH, 3)).astype("float32")


def test_the_embedding_is_the_mean_of_the_map(features, images):
    model = attach_embedding(features, 7)
    embedding, logits = model(images)
    mean = np.asarray(features(images)).mean(axis=(1, 2))
    np.testing.assert_allclose(embedding, mean, atol=1e-5)
    assert logits.shape == (5, 7)
    assert [layer.name for layer in model.layers[-3:]] == [
        *("embedding", "embedding_norm", "classifier")
    ]


def test_an_embedding_may_be_projected(features, images):
    embedding, logits = attach_embedding(features, 7, embedding_size=3)(images)
    assert embedding.shape == (5, 3)
    assert logits.shape == (5, 7)


@pytest.mark.parametrize(
    ("stripes", "rows"),
    [
        (1, [(0, 8)]),
        (2, [(0, 4), (4, 8)]),
        (3, [(0, 2), (2, 5), (5, 8)]),
        (8, [(row, row + 1) for row in range(8)]),
    ],
)
def test_each_stripe_sees_its_rows_alone(stripes, rows, features, images):
    model = attach_stripes(features, 7, stripes, embedding_size=3)
    embedding, logits = model(images)
    assert embedding.shape == (5, 3 * stripes)
    assert logits.shape == (5, stripes, 7)
    pooled = [
        model.get_layer(f"stripe{index}_pooling").output
        for index in range(stripes)
    ]
    maps = np.asarray(features(images))
    found = keras.tree.flatten(keras.Model(model.input, pooled)(images))
    for (top, bottom), mean in zip(rows, found, strict=True):
        expected = maps[:, top:bottom].mean(axis=(1, 2))
        np.testing.assert_allclose(mean, expected, atol=1e-5)


def test_embeddings_of_stripes_lie_side_by_side(features, images):
    model = attach_stripes(features, 7, 2, embedding_size=3)
    changed = images.copy()
    changed[:, 5:] += 1  # The last stripe, and no neighbour of the first.
    before, after = (np.asarray(model(i)[0]) for i in (images, changed))
    np.testing.assert_array_equal(before[:, :3], after[:, :3])
    assert np.abs(before[:, 3:] - after[:, 3:]).max() > 0


@pytest.mark.parametrize("stripes", [0, 9])
def test_more_stripes_than_rows_are_refused(stripes, features):
    with pytest.raises(ValueError, match="--stripes must be from 1 to 8"):
        attach_stripes(features, 7, stripes)


@pytest.mark.parametrize("attach", [attach_embedding, attach_stripes])
def test_what_is_handed_back_is_an_embedding_of_length_1(
    attach, features, images, tmp_path
):
    model = attach(features, 7)
    finished = remove_classifier(model)
    given = np.asarray(model(images)[0])
    lengths = np.linalg.norm(given, axis=1, keepdims=True)
    np.testing.assert_allclose(finished(images), given / lengths, atol=1e-5)
    assert not any("classifier" in layer.name for layer in finished.layers)
    finished.save(tmp_path / "finished.keras")
    reopened = keras.models.load_model(tmp_path / "finished.keras")
    np.testing.assert_array_equal(reopened(images), finished(images))


@pytest.mark.parametrize("attach", [attach_embedding, attach_stripes])
@pytest.mark.parametrize(
    "name",
    [
        *("embedding", "classifier", "stripe0", "stripe0_logits"),
        *("unit_embedding", "reshape"),
    ],
)
def test_a_name_that_the_features_have_is_no_trouble(attach, name):
    images = keras.Input((HEIGHT, WIDTH, 3))
    conv = keras.layers.Conv2D(CHANNELS, 3, padding="same", name=name)
    features = keras.Model(images, conv(images))
    finished = remove_classifier(attach(features, 7))
    assert finished.get_layer(name) is conv


def test_only_the_seed_decides_the_kernels(features):
    weights = []
    for global_seed, seed in ((1, 7), (2, 7), (2, 8)):
        keras.utils.set_random_seed(global_seed)
        weights.append(
            attach_stripes(features, 7, 2, 3, seed)
            .get_layer("stripe0_classifier")
            .get_weights()[0]
        )
    np.testing.assert_array_equal(weights[0], weights[1])
    assert np.abs(weights[1] - weights[2]).max() > 0
