"""Convolutions get their roles, and `sites` selects the right ones."""

import collections

import keras
import pytest
import tiny_models
from keras import layers
from search.small_models import make_efficientnet

from ntaa_tf.graph.select import explain_selection
from ntaa_tf.graph.select import find_convolutions
from ntaa_tf.graph.select import select_sites

# The networks of ROLES_OF take minutes to build; small ones of the same blocks
# stand for them in most runs.
QUICK_ROLES = {
    "VGG19": {"main": 15, "stem": 1},
    "MobileNet": {"main": 26, "stem": 1},
}
ROLES_OF = {
    "ResNet50": {"main": 48, "shortcut": 4, "stem": 1},
    "ResNet50V2": {"main": 48, "shortcut": 4, "stem": 1},
    "VGG16": {"main": 12, "stem": 1},
    "MobileNetV2": {"main": 51, "stem": 1},
    "MobileNetV3Small": {"main": 33, "gate": 18, "stem": 1},
    "EfficientNetB0": {"main": 48, "gate": 32, "stem": 1},
    "Xception": {"main": 35, "shortcut": 4, "stem": 1},
    "DenseNet121": {"main": 119, "stem": 1},
}


def conv(filters, kernel_size, name, **arguments):
    return layers.Conv2D(
        filters, kernel_size, padding="same", name=name, **arguments
    )


def make_block():
    """A residual block with a projection, a gate, and a head behind it."""
    images = keras.Input((8, 8, 3))
    x = conv(4, 3, "stem")(images)
    y = conv(4, 3, "first", strides=2)(x)
    y = conv(8, 1, "second")(y)
    gate = layers.GlobalAveragePooling2D()(y)
    gate = layers.Reshape((1, 1, 8))(gate)
    gate = conv(2, 1, "squeeze")(gate)
    gate = conv(8, 1, "excite", activation="sigmoid")(gate)
    x = conv(8, 1, "projection", strides=2)(x) + y * gate
    x = conv(8, 5, "last")(x)
    x = layers.GlobalAveragePooling2D(keepdims=True)(x)
    return keras.Model(images, layers.Flatten()(conv(5, 1, "head")(x)))


@pytest.fixture(scope="module")
def block():
    return find_convolutions(make_block())


def names(convolutions):
    return [conv.name for conv in convolutions]


def test_roles_of_a_block(block):
    assert {conv.name: conv.role for conv in block} == {
        "stem": "stem",
        "first": "main",
        "second": "main",
        "squeeze": "gate",
        "excite": "gate",
        "projection": "shortcut",
        "last": "main",
        "head": "head",
    }


def count_roles(model):
    """Count the roles in a network that has no refused convolution."""
    convolutions = find_convolutions(model)
    assert not any(conv.refusal for conv in convolutions)
    return collections.Counter(conv.role for conv in convolutions)


@pytest.mark.parametrize("preact", [False, True])
def test_roles_of_a_small_resnet(preact):
    """Each of the two stages begins with a projection."""
    roles = count_roles(tiny_models.make_resnet(preact))
    assert roles == {"main": 12, "shortcut": 2, "stem": 1}


def test_roles_of_a_small_efficientnet():
    roles = count_roles(make_efficientnet(32))
    assert roles == {"main": 21, "gate": 14, "stem": 1}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        *QUICK_ROLES.items(),
        *(
            pytest.param(*roles, marks=pytest.mark.long, id=roles[0])
            for roles in ROLES_OF.items()
        ),
    ],
)
def test_roles_of_known_networks(name, expected):
    size = 71 if name == "Xception" else 32
    model = getattr(keras.applications, name)(
        weights=None, include_top=False, input_shape=(size, size, 3)
    )
    assert count_roles(model) == expected


def test_a_classifier_that_is_a_convolution_is_a_head():
    model = keras.applications.MobileNet(
        weights=None, alpha=0.25, input_shape=(32, 32, 3)
    )
    convolutions = find_convolutions(model)
    heads = [conv.name for conv in convolutions if conv.role == "head"]
    assert heads == ["conv_preds"]


@pytest.mark.parametrize("size", [8, 1])
def test_a_mean_that_is_spread_again_is_a_map(size):
    """Also over one pixel, as in the last stage of a small image."""
    found = find_convolutions(tiny_models.globalized(size))
    assert {conv.name: conv.role for conv in found} == {
        "stem": "stem",
        "behind": "main",
    }


def test_a_block_of_one_convolution_beside_one_has_no_shortcut():
    """Two equal branches: neither of them is the shortcut."""
    images = keras.Input((8, 8, 3))
    x = conv(4, 3, "stem")(images)
    x = conv(4, 1, "left")(x) + conv(4, 1, "right")(x)
    roles = [conv.role for conv in find_convolutions(keras.Model(images, x))]
    assert roles == ["stem", "main", "main"]


def test_two_branches_of_more_than_one_convolution_have_no_shortcut():
    images = keras.Input((8, 8, 3))
    x = conv(4, 3, "stem")(images)
    left = conv(4, 1, "left_end")(conv(4, 3, "left")(x))
    right = conv(4, 1, "right_end")(conv(4, 3, "right")(x))
    found = find_convolutions(keras.Model(images, left + right))
    assert [conv.role for conv in found[1:]] == ["main"] * 4


def test_a_projection_of_more_than_one_pixel_is_no_shortcut():
    images = keras.Input((8, 8, 3))
    x = conv(4, 3, "stem")(images)
    y = conv(4, 3, "second")(conv(4, 3, "first")(x))
    model = keras.Model(images, y + conv(4, 3, "beside")(x))
    roles = {conv.name: conv.role for conv in find_convolutions(model)}
    assert roles["beside"] == "main"


@pytest.mark.parametrize(
    ("sites", "expected"),
    [
        ("all", ["first", "second", "last"]),
        ("spatial", ["first", "last"]),
        ("last:1", ["last"]),
        ("last:2", ["second", "last"]),
        ("last:9", ["first", "second", "last"]),
        ("first|last", ["first", "last"]),
        ("stem", ["stem"]),
        (".*t", ["first", "last"]),
        ("projection", ["projection"]),
        ("squeeze|excite|head", ["squeeze", "excite", "head"]),
    ],
)
def test_sites(block, sites, expected):
    assert names(select_sites(block, sites)) == expected


@pytest.mark.parametrize("sites", ["last:0", "last:", "last:-1", "fir", ""])
def test_sites_that_match_nothing_are_an_error(block, sites):
    expected = (
        r"whole names of convolutions: \['stem', .*'head'\]. "
        f"Received: '{sites}', which matches none"
    )
    with pytest.raises(ValueError, match=expected):
        select_sites(block, sites)


def test_a_bad_expression_is_an_error(block):
    with pytest.raises(ValueError, match=r"Received: '\(' \(missing \)"):
        select_sites(block, "(")


def test_no_site_is_selected_where_there_is_only_a_stem():
    images = keras.Input((8, 8, 3))
    found = find_convolutions(keras.Model(images, conv(4, 3, "stem")(images)))
    with pytest.raises(ValueError, match="Received: 'all', which matches none"):
        select_sites(found)


def test_every_convolution_that_is_no_site_has_a_reason(block):
    chosen = set(names(select_sites(block, "spatial")))
    reasons = {conv.name: explain_selection(conv, chosen) for conv in block}
    assert reasons == {
        "stem": "stem",
        "first": "",
        "second": "not selected",
        "squeeze": "gate",
        "excite": "gate",
        "projection": "shortcut",
        "last": "",
        "head": "head",
    }


class Standardized(layers.Conv2D):
    """A subclass that doesn't compute a plain convolution."""

    def call(self, inputs):
        return super().call(inputs / 2)


@pytest.mark.parametrize(
    ("layer", "reason"),
    [
        (layers.Conv2DTranspose(4, 3, name="odd"), "transposed convolution"),
        (layers.Conv2D(4, 2, name="odd"), "even kernel 2×2 has no centre"),
        (layers.Conv2D(4, 3, groups=2, name="odd"), "2 groups of 4 channels"),
        (Standardized(4, 3, name="odd"), "subclass Standardized"),
    ],
)
def test_what_no_candidate_fits_is_listed_and_never_selected(layer, reason):
    images = keras.Input((8, 8, 3))
    x = layer(conv(4, 3, "stem")(images))
    x = conv(4, 3, "last")(x)
    found = find_convolutions(keras.Model(images, x))
    assert names(found) == ["stem", "odd", "last"]
    assert found[1].geometry is None
    assert found[1].refusal == reason
    assert explain_selection(found[1], set()) == reason
    assert names(select_sites(found)) == ["last"]
    with pytest.raises(ValueError, match="matches none"):
        select_sites(found, "odd")


def test_a_shared_layer_is_one_convolution():
    found = find_convolutions(tiny_models.make_model("shared"))
    assert [(conv.name, conv.shared) for conv in found] == [
        ("stem", False),
        ("shared", True),
    ]
    assert found[1].geometry.input_size == (8, 8)


def test_a_shared_layer_plays_the_role_of_its_first_call():
    images = keras.Input((8, 8, 3))
    twice = conv(3, 3, "twice")
    found = find_convolutions(keras.Model(images, twice(twice(images))))
    assert [conv.role for conv in found] == ["stem"]


def test_a_layer_shared_between_unequal_places_is_refused():
    images = keras.Input((8, 8, 3))
    x = conv(4, 1, "stem")(images)
    twice = conv(4, 3, "twice")
    x = twice(layers.MaxPooling2D()(twice(x)))
    found = find_convolutions(keras.Model(images, x))
    assert found[1].shared
    assert found[1].refusal == "shared by calls of different geometry"


def test_the_padding_before_a_convolution_is_part_of_it():
    found = find_convolutions(tiny_models.make_model("padded"))
    assert [conv.geometry.padding for conv in found] == [
        ((1, 1), (1, 1)),
        ((0, 1), (0, 1)),
    ]
    assert found[1].geometry.kind == "depthwise"
