"""Joined retrieval domains: train on the source, test on the target."""

import numpy as np
import pytest
import tensorflow as tf

from ntaa_tf.data.retrieval import RawRetrieval
from ntaa_tf.data.retrieval import RawViews
from ntaa_tf.data.retrieval import join_retrieval_domains
from ntaa_tf.data.retrieval import prepare_retrieval

IDENTITIES = 8


def make_views(root, name, identities, per_camera=2):
    """Write views of identities by two cameras."""
    folder = root / name
    folder.mkdir(parents=True, exist_ok=True)
    images, who, cameras = [], [], []
    for identity in identities:
        for camera in (1, 2):
            for number in range(per_camera):
                path = folder / f"{identity}_{camera}_{number}.png"
                pixels = np.full((4, 4, 3), identity, "uint8")
                path.write_bytes(tf.io.encode_png(pixels).numpy())
                images.append(path)
                who.append(identity)
                cameras.append(camera)
    return RawViews(images, np.array(who), np.array(cameras))


def make_domain(root, name):
    train = make_views(root, f"{name}/train", range(1, IDENTITIES + 1))
    tested = make_views(root, f"{name}/test", range(20, 24))
    return RawRetrieval(
        name, {"train": train, "query": tested, "gallery": tested}
    )


def test_train_is_of_the_source_and_query_of_the_target(tmp_path):
    source, target = (make_domain(tmp_path, name) for name in "st")
    joined = join_retrieval_domains([source], target, seed=0, with_target=True)
    assert joined.splits["train"] is source.splits["train"]
    assert joined.splits["query"] is target.splits["query"]
    assert joined.splits["gallery"] is target.splits["gallery"]
    assert joined.splits["target"] is target.splits["train"]
    assert joined.name == "s to t"


def test_views_of_each_target_identity_can_be_limited(tmp_path):
    source, target = (make_domain(tmp_path, name) for name in "st")
    joined = join_retrieval_domains(
        [source], target, seed=0, images_per_identity=1, with_target=True
    )
    identities = joined.splits["target"].identities
    assert identities.tolist() == list(range(1, IDENTITIES + 1))


def test_held_out_identities_are_not_in_the_target_split(tmp_path):
    """Otherwise the search would learn from the validation split."""
    target = make_domain(tmp_path, "t")
    joined = join_retrieval_domains([target], target, seed=0, with_target=True)
    dataset = prepare_retrieval(joined, 4, validation_share=0.5)
    held_out = set(dataset.validation.query.identities)
    judging = {int(image[0, 0, 0]) for image in dataset.target.images}
    assert held_out and judging == set(range(1, IDENTITIES + 1)) - held_out


def test_unfit_targets_are_refused(tmp_path):
    source, target = (make_domain(tmp_path, name) for name in "st")
    bare = RawRetrieval("bare", {"train": target.splits["train"]})
    with pytest.raises(ValueError, match=r"`bare`. Expected a target with"):
        join_retrieval_domains([source], bare, seed=0)
    views = target.splits["train"]
    lonely = views.take(np.flatnonzero(views.identities == 1))
    one = RawRetrieval("one", {**target.splits, "train": lonely})
    with pytest.raises(ValueError, match=r"`one`. Expected at least 2"):
        join_retrieval_domains([source], one, seed=0, with_target=True)
