"""A whole run of retrieval, on a folder as users have them."""

import itertools
import types

import keras
import numpy as np
import pytest
import tensorflow as tf
from whole_runs import run

from ntaa_tf.assembly.assembly import Assembly
from ntaa_tf.assembly.streams import list_streams
from ntaa_tf.assembly.task import build_task
from ntaa_tf.data import Examples
from ntaa_tf.data.retrieval import RetrievalDataset
from ntaa_tf.data.retrieval import open_retrieval
from ntaa_tf.data.retrieval import prepare_retrieval
from ntaa_tf.recipe import make_recipe
from ntaa_tf.recipe import shrink
from ntaa_tf.recipe import switch
from ntaa_tf.storage.files import read_json
from ntaa_tf.tasks.retrieval import STRIPE_EMBEDDING_SIZE

SMOKE = make_recipe(
    task="retrieval", smoke=True, image_size=16, sites="last:2", flip=False
)
TRAIN, QUERY, GALLERY = "bounding_box_train", "query", "bounding_box_test"
# Identities, cameras, and images by each. Nothing matches the query of 13;
# one view is a distractor, two are junk.
VIEWS = [
    (TRAIN, range(1, 9), (1, 2), 4),
    (QUERY, range(9, 14), (1,), 1),
    (GALLERY, range(9, 13), (2,), 3),
    (GALLERY, [13], (1,), 2),
    (GALLERY, [0], (6,), 1),
    (GALLERY, [-1], (2,), 2),
]


def draw_stripes(identity, rng):
    """Lines as far apart as the identity says; one surface for nobody."""
    identity = max(identity, 0)
    image = np.zeros((20, 16, 3))
    image[:: 1 + identity % 5, :: 1 + identity // 5] = 200
    return (image + rng.uniform(0, 40, image.shape)).astype("uint8")


def write_market(root, encode, suffix):
    """Write drawings of 13 identities, and what else lies in such a set."""
    rng = np.random.default_rng(0)
    for part, identities, cameras, count in VIEWS:
        (root / part).mkdir(parents=True, exist_ok=True)
        for who, camera, number in itertools.product(
            identities, cameras, range(count)
        ):
            known = "-1" if who == -1 else f"{who:04d}"
            name = f"{known}_c{camera}s1_{number:06d}_00{suffix}"
            image = encode(draw_stripes(who, rng)).numpy()
            (root / part / name).write_bytes(image)
        (root / part / "Thumbs.db").write_bytes(b"no image")
    image = tf.io.encode_jpeg(draw_stripes(9, rng)).numpy()
    (root / GALLERY / "0009_c3s1_000001_00.jpg.jpg").write_bytes(image)
    (root / "gt_bbox").mkdir()
    (root / "gt_bbox" / "0009_c1s1_000001_00.jpg").write_bytes(image)
    return root


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("market")
    return write_market(root, tf.io.encode_png, ".png")


def adapt(folder, path, **choices):
    """Run to the end on a folder, with some choices of its own."""
    choices = {"dataset": f"market:{folder}", **choices}
    return run(switch(SMOKE, workdir=str(path), **choices))


@pytest.fixture(scope="module")
def finished(folder, tmp_path_factory):
    path = tmp_path_factory.mktemp("run")
    metrics = adapt(
        folder,
        path,
        squeeze_excitation=True,
        last_stride=1,
        augment="erase",
    )
    return path, metrics


def test_all_is_measured_before_and_after(finished):
    path, metrics = finished
    for model in ("source", "baseline", "collapsed", "searched", "adapted"):
        measured = metrics[model]
        assert 0 < measured["test_map"] <= 1
        assert measured["test_rank1"] <= measured["test_rank5"]
        assert 0 < measured["test_map_reranked"] <= 1
    adapted = metrics["adapted"]
    assert adapted["test_error"] == 100 * (1 - adapted["test_map"])
    assert adapted == metrics[metrics["hand_over"]["handed_over"]]
    assert metrics["difference"]["difference"] == pytest.approx(
        metrics["searched"]["test_map"] - metrics["baseline"]["test_map"]
    )
    assert "val_map" in read_json(path / "finetune/history.json")
    assert metrics["score"] == "map"
    assert metrics["average_precision"] == "rectangular"
    assert metrics["flip_test"] is False
    assert "Retrieved images" in (path / "report.html").read_text("utf-8")


def test_the_official_set_is_opened_and_counted(tmp_path, caplog):
    root = tmp_path / "Market-1501-v15.09.15"
    write_market(root, tf.io.encode_jpeg, ".jpg")
    raw = open_retrieval("market1501", str(tmp_path))
    gallery = raw.splits["gallery"]
    identities, counts = np.unique(gallery.identities, return_counts=True)
    assert identities.tolist() == [-1, 0, 9, 10, 11, 12, 13]
    assert counts.tolist() == [2, 1, 4, 3, 3, 3, 2]
    assert np.unique(gallery.cameras).tolist() == [1, 2, 3, 6]
    messages = [record.getMessage() for record in caplog.records]
    assert "1 of 5 queries have no match" in messages.pop(0)
    has = "market1501: the {} split of Market-1501 has {}. Received: {}"
    assert messages == [
        has.format("train", "12936 images", 64),
        has.format("train", "751 identities", 8),
        has.format("query", "3368 images", 5),
        has.format("query", "750 identities", 5),
        has.format("gallery", "19732 images", 18),
    ]


@pytest.mark.long
def test_stripes_of_a_larger_map_are_embedded(folder, tmp_path, rng):
    metrics = adapt(folder, tmp_path, head="stripes", stripes=2, last_stride=1)
    assert "test_map" not in metrics["source"]
    assert 0 < metrics["adapted"]["test_map"] <= 1
    assert metrics["export_difference"] < 1e-4
    adapted = keras.models.load_model(tmp_path / "adapted.keras")
    # Of the 8 rows of a last map that is reduced once less.
    assert adapted.get_layer("stripe0").output.shape[1] == 4
    images = rng.integers(0, 256, (2, 16, 16, 3)).astype("float32")
    embeddings = np.asarray(adapted(images))
    assert embeddings.shape == (2, 2 * STRIPE_EMBEDDING_SIZE)
    np.testing.assert_allclose(np.linalg.norm(embeddings, axis=1), 1, atol=1e-5)


def test_what_is_handed_back_embeds(finished, rng):
    path, metrics = finished
    assert metrics["export_difference"] < 1e-4
    images = rng.integers(0, 256, (2, 16, 16, 3)).astype("float32")
    adapted = keras.models.load_model(path / "adapted.keras")
    served = tf.saved_model.load(path / "export/saved_model")
    embedding = served.signatures["embed"](images=tf.constant(images))
    np.testing.assert_allclose(
        embedding["embedding"], adapted(images), atol=1e-4
    )
    np.testing.assert_allclose(
        np.linalg.norm(adapted(images), axis=1), 1, atol=1e-5
    )
    assert "classifier" not in [layer.name for layer in adapted.layers]


def test_streams_of_unequal_length_take_equal_steps(folder, tmp_path):
    """Halves of unequal identities fill unequal numbers of batches."""
    recipe = shrink(switch(SMOKE, method="darts"))
    counts = [21, 25, 38, 29, 26, 23]
    labels = np.repeat(np.arange(len(counts)), counts)
    images = np.zeros((len(labels), 16, 16, 3), "uint8")
    dataset = RetrievalDataset(
        "unequal", len(counts), Examples(images, labels), None, None
    )
    given = keras.Input((16, 16, 3))
    source = keras.Model(given, keras.layers.Identity()(given))
    assembly = Assembly(
        recipe,
        types.SimpleNamespace(path=tmp_path),
        source,
        tmp_path,
        dataset,
        build_task(recipe, dataset),
        list_streams(recipe, dataset),
    )
    images = assembly.task.images_per_class
    batch_size = recipe.training.batch_size
    steps = [s.count_steps(batch_size, images) for s in assembly.streams]
    assert steps[0] != steps[1]
    assert assembly.search_steps == steps[0]
    for stream in assembly.streams:
        batches = assembly.batches.training(1, 3, stream, steps[0])
        assert len(list(batches)) == 2 * steps[0]


def test_a_smoke_run_has_two_identities_however_large(folder):
    raw = open_retrieval(f"market:{folder}")
    dataset = prepare_retrieval(raw, 16, train_examples=3)
    assert dataset.num_classes == 2


@pytest.mark.long
def test_a_budget_is_of_what_is_handed_back(folder, tmp_path):
    metrics = adapt(
        folder, tmp_path, method="random", max_macs="1x", max_depth="1x"
    )
    for name in ("macs", "depth"):
        budget = metrics["budget"][name]
        assert budget["source"] == metrics["source"][name]
        assert budget["derived"] == budget["measured"] <= budget["limit"]


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"head": "stripes"}, r"--stripes must be from 1 to 4, the rows"),
        ({"batch_size": 64, "smoke": False}, r"batches of 1 to 6 classes"),
        ({"dataset": "market1501"}, r"`data_dir`. Expected"),
    ],
)
def test_what_can_not_be_done_is_told_before_training(
    choices, message, folder, tmp_path
):
    with pytest.raises(ValueError, match=message):
        adapt(folder, tmp_path, **choices)
    assert not (tmp_path / "search").exists()
