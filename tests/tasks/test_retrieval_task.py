"""The retrieval task: its losses, and what it measures."""

import dataclasses

import keras
import numpy as np
import pytest

from ntaa_tf.data.retrieval import RetrievalDataset
from ntaa_tf.data.retrieval import Trial
from ntaa_tf.data.retrieval import Views
from ntaa_tf.losses import BatchHardTriplet
from ntaa_tf.recipe.sections.retrieval import Retrieval
from ntaa_tf.tasks.retrieval import RetrievalTask
from ntaa_tf.training.divergence import DivergenceError

SIZE = 8


def make_task(**choices):
    return RetrievalTask(Retrieval(**choices))


def make_features():
    images = keras.Input((SIZE, SIZE, 3), name="images")
    conv = keras.layers.Conv2D(6, 3, padding="same", name="conv")
    return keras.Model(images, conv(images))


def make_views(identities, cameras, noise=0.0):
    """Views whose colour is their identity's."""
    rng = np.random.default_rng(0)
    colours = 30.0 + 40 * np.eye(3)[np.array(identities) % 3]
    images = np.broadcast_to(
        colours[:, None, None], (len(identities), SIZE, SIZE, 3)
    )
    images = images + noise * rng.normal(size=images.shape)
    return Views(
        images.clip(0, 255).astype("uint8"),
        np.array(identities),
        np.array(cameras),
    )


TRIAL = Trial(
    make_views([1, 2, 3], [1, 1, 1]),
    make_views([1, 2, 3, 1, 2, 3, 0, -1], [2, 2, 2, 1, 1, 1, 3, 3]),
)


def show_answers(features, trial):
    dataset = RetrievalDataset("x", 3, None, None, trial)
    return make_task().illustrate(features, dataset).answers


def draw_classifiers(model, rng):
    """Tell identities apart; as made, all are nearly as probable."""
    for layer in model.layers:
        if layer.name.endswith("classifier") and layer.weights:
            layer.kernel.assign(rng.normal(size=layer.kernel.shape))


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("choices", [{}, {"head": "stripes", "stripes": 2}])
def test_the_losses_are_weighted(choices, smoothing, rng):
    """λ times the identities', summed over stripes, and 1 − λ of triplets."""
    task = make_task(label_smoothing=smoothing, **choices)
    model = task.attach_head(make_features(), 3, seed=0)
    draw_classifiers(model, rng)
    model.compile(keras.optimizers.SGD(0.1), **task.compile_options())
    images = rng.normal(size=(6, SIZE, SIZE, 3)).astype("float32")
    labels = np.eye(3, dtype="float32")[[0, 0, 1, 1, 2, 2]]
    targets = [np.asarray(t) for t in task.make_targets(labels)]
    embedding, logits = (
        np.asarray(output) for output in model(images, training=False)
    )
    losses = model.evaluate(images, targets, verbose=0, return_dict=True)
    logits = logits.reshape(6, -1, 3)
    shifted = logits - logits.max(axis=-1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    smoothed = (1 - smoothing) * labels[:, None] + smoothing / 3
    identities = -(log_p * smoothed).sum(axis=-1).mean(axis=0).sum()
    triplets = float(BatchHardTriplet(0.3)(labels, embedding))
    assert losses["loss"] == pytest.approx(
        0.5 * identities + 0.5 * triplets, rel=1e-4
    )


@pytest.mark.parametrize("batch_size", [2, 16])
def test_an_embedding_of_colours_finds_all(batch_size):
    task = make_task()
    pooling = keras.Sequential(
        [keras.Input((SIZE, SIZE, 3)), keras.layers.GlobalAveragePooling2D()]
    )
    measured = task.measure(pooling, TRIAL, batch_size)
    # A distractor has the colour of the third identity.
    assert measured["map"] == pytest.approx(1.0)
    assert measured["rank1"] == 1.0
    features = task.predict(pooling, TRIAL, batch_size)
    assert set(task.measure_fully(features, TRIAL)) == {
        *("map", "rank1", "rank5", "rank10"),
        *("map_reranked", "rank1_reranked"),
        *("rank5_reranked", "rank10_reranked", "skipped_queries"),
    }


@pytest.mark.parametrize(
    ("average_precision", "expected"),
    [("rectangular", 1 / 2), ("trapezoidal", 1 / 4)],
)
def test_precision_is_averaged_as_asked_for(average_precision, expected):
    """A wrong answer of the query's colour comes before the right one."""
    task = make_task(average_precision=average_precision)
    pooling = keras.Sequential(
        [keras.Input((SIZE, SIZE, 3)), keras.layers.GlobalAveragePooling2D()]
    )
    gallery = dataclasses.replace(
        make_views([4, 2], [2, 2]), identities=np.array([4, 1])
    )
    trial = Trial(make_views([1], [1]), gallery)
    assert task.measure(pooling, trial, 2)["map"] == expected
    measured = task.measure_fully(task.predict(pooling, trial, 2), trial)
    assert measured["map"] == measured["map_reranked"] == expected


def test_queries_are_scored_by_identity():
    task = make_task()
    pooling = keras.Sequential(
        [keras.Input((SIZE, SIZE, 3)), keras.layers.GlobalAveragePooling2D()]
    )
    features = task.predict(pooling, TRIAL, 2)
    scores = task.score_examples(features, TRIAL)
    measured = task.measure_fully(features, TRIAL)
    assert scores.values.mean() == pytest.approx(measured["map"])
    assert len(scores.groups) == len(scores.values)


def test_a_trained_head_and_what_is_handed_back_measure_the_same():
    task = make_task()
    model = task.attach_head(make_features(), 3, seed=0)
    finished = task.finish(model)
    assert task.measure(model, TRIAL, 4) == task.measure(finished, TRIAL, 4)


def test_answers_are_shown_best_first_without_those_left_out():
    pooling = keras.Sequential(
        [keras.Input((SIZE, SIZE, 3)), keras.layers.GlobalAveragePooling2D()]
    )
    features = make_task().predict(pooling, TRIAL, 4)
    queries, answers, is_right = show_answers(features, TRIAL)
    np.testing.assert_array_equal(queries, TRIAL.query.images)
    # Of eight items, junk and a view by the query's camera are left out.
    assert answers.shape == (3, 6, SIZE, SIZE, 3)
    assert is_right.sum(axis=1).tolist() == [1, 1, 1]
    assert is_right[:, 0].all()
    np.testing.assert_array_equal(answers[:, 0], TRIAL.query.images)


def test_queries_of_which_little_is_left_to_rank_are_not_shown():
    """Else all others would be shown with as few answers as theirs."""
    own_camera = np.array([1] * 5 + [2])
    gallery = Views(
        np.zeros((6, SIZE, SIZE, 3), "uint8"), own_camera, np.ones(6, int)
    )
    query = Views(gallery.images[:2], np.array([1, 2]), np.array([1, 2]))
    features = np.eye(2, dtype="float32"), np.ones((6, 2), "float32")
    queries, answers, is_right = show_answers(features, Trial(query, gallery))
    assert len(queries) == 1
    assert answers.shape[:2] == (1, 6)
    assert is_right.sum() == 1


def test_an_embedding_that_is_not_finite_finds_nothing():
    inputs = keras.Input((SIZE, SIZE, 3))
    pooled = keras.layers.GlobalAveragePooling2D()(inputs)
    model = keras.Model(inputs, pooled / (0 * pooled))
    measured = make_task().measure(model, TRIAL, 4)
    assert measured == {"map": 0, "rank1": 0, "rank5": 0, "rank10": 0}
    with pytest.raises(DivergenceError, match="not finite"):
        make_task().predict(model, TRIAL, 4)


def test_an_untrained_projection_is_not_worth_measuring():
    assert make_task().measures_untrained
    assert not make_task(embedding_size=4).measures_untrained
    assert not make_task(head="stripes").measures_untrained
