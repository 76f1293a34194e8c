import pathlib

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies

from ntaa_tf.data.retrieval import RawViews
from ntaa_tf.data.retrieval import hold_out_identities


def _make(pairs):
    identities, cameras = np.array(pairs, np.int64).T
    images = [pathlib.Path(f"{index}.jpg") for index in range(len(pairs))]
    return RawViews(images, identities, cameras)


def _has_match(query, gallery):
    """Return whether each query has a match by another camera."""
    same = query.identities[:, None] == gallery.identities
    other = query.cameras[:, None] != gallery.cameras
    return (same & other).any(axis=1)


# Views of an identity: the number by each of 1 to 3 cameras.
CAMERAS = strategies.dictionaries(
    strategies.integers(1, 9), strategies.integers(1, 4), min_size=1, max_size=3
)


@strategies.composite
def training_views(draw):
    seen = draw(strategies.lists(CAMERAS, min_size=3, max_size=25))
    seen.append(draw(CAMERAS.filter(lambda counts: len(counts) > 1)))
    names = draw(
        strategies.lists(
            strategies.integers(1, 10**6),
            min_size=len(seen),
            max_size=len(seen),
            unique=True,
        )
    )
    pairs = [
        (identity, camera)
        for identity, counts in zip(names, seen, strict=True)
        for camera, count in counts.items()
        for _ in range(count)
    ]
    return _make(draw(strategies.permutations(pairs)))


@hypothesis.settings(deadline=None, max_examples=60)
@hypothesis.given(
    views=training_views(),
    share=strategies.floats(0.01, 0.5),
    seed=strategies.integers(0, 99),
)
def test_held_out_identities_are_whole_and_have_matches(views, share, seed):
    train, query, gallery = hold_out_identities(views, share, seed)
    everything = [*train.images, *query.images, *gallery.images]
    assert sorted(everything) == sorted(views.images)
    held = set(query.identities) | set(gallery.identities)
    assert not held & set(train.identities)
    identities = len(views.known_identities)
    assert len(held) == max(2, round(share * identities))
    assert len(query)
    assert _has_match(query, gallery).all()
    views_of_queries = list(zip(query.identities, query.cameras, strict=True))
    assert len(set(views_of_queries)) == len(views_of_queries)


@hypothesis.settings(deadline=None, max_examples=60)
@hypothesis.given(views=training_views(), seed=strategies.integers(0, 99))
def test_identities_of_several_cameras_have_queries(views, seed):
    _, query, gallery = hold_out_identities(views, 0.5, seed)
    for identity in set(query.identities) | set(gallery.identities):
        cameras, counts = np.unique(
            views.cameras[views.identities == identity], return_counts=True
        )
        expected = len(cameras) - (np.sum(counts > 1) < 2)
        assert np.sum(query.identities == identity) == expected


@hypothesis.settings(deadline=None, max_examples=60)
@hypothesis.given(views=training_views(), seed=strategies.integers(0, 99))
def test_views_stay_as_they_are_and_in_order(views, seed):
    before = dict(
        zip(
            views.images,
            zip(views.identities, views.cameras, strict=True),
            strict=True,
        )
    )
    order = {path: index for index, path in enumerate(views.images)}
    for part in hold_out_identities(views, 0.3, seed):
        assert sorted(part.images, key=order.get) == part.images
        for index, path in enumerate(part.images):
            assert before[path] == (part.identities[index], part.cameras[index])


@pytest.fixture
def regular():
    """40 identities with 2 views by each of 3 cameras."""
    return _make(
        [
            (identity, camera)
            for identity in range(1, 41)
            for camera in (1, 2, 3)
            for _ in range(2)
        ]
    )


def test_one_view_by_each_camera_becomes_a_query(regular):
    train, query, gallery = hold_out_identities(regular, 0.25, seed=0)
    assert len(train) == 30 * 6
    assert len(query) == len(gallery) == 10 * 3
    np.testing.assert_array_equal(
        np.unique(query.identities), np.unique(gallery.identities)
    )


def test_seed_decides(regular):
    first, again, other = (
        [part.images for part in hold_out_identities(regular, 0.25, seed)]
        for seed in (0, 0, 1)
    )
    assert first == again
    assert first[0] != other[0]
    assert first[1] != other[1]


def test_chance_decides_which_camera_has_no_query():
    views = _make([(identity, c) for identity in range(1, 41) for c in (1, 2)])
    _, query, gallery = hold_out_identities(views, 0.5, seed=0)
    assert len(query) == len(gallery) == 20
    assert set(query.cameras) == {1, 2}


def test_identities_of_one_camera_are_held_out_in_proportion():
    several = [(identity, c) for identity in range(1, 31) for c in (1, 2)]
    single = [(identity, 1) for identity in range(31, 41)]
    train, query, gallery = hold_out_identities(
        _make(several + single), 0.2, seed=3
    )
    assert len(np.unique(query.identities)) == 6
    assert np.sum(gallery.identities > 30) == 2
    assert np.sum(train.identities > 30) == 8


@pytest.mark.parametrize("share", [-0.1, 0, 1, 1.5, float("nan")])
def test_share_out_of_range(regular, share):
    with pytest.raises(ValueError, match=f"`share`.*between.*: {share}"):
        hold_out_identities(regular, share, seed=0)


def test_share_that_leaves_too_few(regular):
    with pytest.raises(ValueError, match=r"leaves 2 of 40 ident.*: 0\.98"):
        hold_out_identities(regular, 0.98, seed=0)


def test_too_few_identities():
    views = _make([(identity, c) for identity in (1, 2, 3) for c in (1, 2)])
    with pytest.raises(ValueError, match=r"at least 4 identities.*: 3$"):
        hold_out_identities(views, 0.5, seed=0)


def test_one_camera():
    views = _make([(identity, 1) for identity in (1, 2, 3, 4, 5)] * 3)
    with pytest.raises(
        ValueError, match=r"views by two cameras.*: 5 identities"
    ):
        hold_out_identities(views, 0.5, seed=0)


@pytest.mark.parametrize("identity", [-1, 0])
def test_junk_and_distractors_are_not_held_out(identity):
    views = _make([(1, 1), (2, 1), (3, 1), (4, 1), (identity, 2)])
    with pytest.raises(ValueError, match=r"`train`.*Received: 1 .*4\.jpg"):
        hold_out_identities(views, 0.5, seed=0)
