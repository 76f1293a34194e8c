"""Groups name what is cut together, and why something can't be cut."""

import keras
from graph import tied_channels
from keras import layers

from ntaa_tf import list_channel_groups


def name_pinned(model):
    """Return the reasons of the pinned groups, but for the outputs."""
    return [
        group.pinned
        for group in list_channel_groups(model).values()
        if group.pinned not in (None, "an output of the model")
    ]


def test_a_residual_stream_is_one_group():
    images = keras.Input((8, 8, 3))
    stream = layers.Conv2D(8, 3, padding="same", name="stem")(images)
    for number in range(2):
        inner = layers.Conv2D(4, 3, padding="same", name=f"a{number}")(stream)
        outer = layers.Conv2D(8, 3, padding="same", name=f"b{number}")(inner)
        stream = layers.Add()([stream, layers.BatchNormalization()(outer)])
    pooled = layers.GlobalAveragePooling2D()(stream)
    groups = list_channel_groups(
        keras.Model(images, layers.Dense(3, name="logits")(pooled))
    )
    assert list(groups) == ["stem", "a0", "a1", "logits"]
    stem = groups["stem"]
    assert (stem.width, stem.pinned) == (8, None)
    assert stem.makers == ("stem", "b0", "b1")
    assert stem.readers == ("a0", "a1", "logits")
    assert groups["a0"].makers == ("a0",)
    assert groups["a0"].readers == ("b0",)
    assert groups["logits"].pinned == "an output of the model"


def test_zero_channels_are_a_part_of_the_stream_that_they_widen():
    groups = list_channel_groups(tied_channels.padded_with_zero_channels())
    widths = [group.width for group in groups.values()]
    # The narrow stream with the branch's middle channels; the branch; the
    # branch's outer channels with the zeros; the head.
    assert widths == [8, 8, 8, 8, 4]
    assert sum("padding" in " ".join(g.makers) for g in groups.values()) == 1


def test_a_depth_multiplier_makes_no_new_channels():
    groups = list_channel_groups(tied_channels.depth_multiplier())
    assert [group.width for group in groups.values()] == [8, 8, 8, 4]


def test_an_unknown_operation_pins_what_it_touches_and_is_named():
    (reason,) = name_pinned(tied_channels.grouped_convolution())
    assert "(Conv2D)" in reason
    norms = name_pinned(tied_channels.norms_across_channels())
    assert "LayerNormalization" in norms[0]
    assert "GroupNormalization" in norms[1]
    (halves,) = name_pinned(tied_channels.swapped_halves())
    assert "GetItem" in halves


def test_one_channel_for_all_others_can_t_be_cut():
    (reason,) = name_pinned(tied_channels.operators())
    assert "one channel for all others" in reason


def test_an_activation_across_channels_pins_its_layer():
    images = keras.Input((8, 8, 3))
    parts = layers.Conv2D(4, 1, activation="softmax", name="parts")(images)
    model = keras.Model(images, layers.Conv2D(2, 1)(parts))
    assert "parts" not in [
        name
        for name, group in list_channel_groups(model).items()
        if group.pinned is None
    ]


def test_a_call_without_a_rule_pins_the_other_calls_of_a_layer():
    images = keras.Input((8, 8, 8))
    shared = layers.Conv2D(8, 1, name="shared")
    hidden = layers.Conv2D(8, 1, name="hidden")(images)
    turned = layers.Permute((1, 3, 2))(shared(hidden))
    model = keras.Model(images, layers.Conv2D(2, 1)(shared(turned)))
    groups = list_channel_groups(model)
    assert groups["shared"].pinned
    assert groups["hidden"].pinned


def test_a_softmax_pins_its_own_layer_alone():
    groups = list_channel_groups(tied_channels.softmax_head())
    assert [group.pinned is None for group in groups.values()] == [True, False]


def test_a_first_call_without_a_rule_pins_the_later_ones():
    model = tied_channels.first_call_of_two_without_a_rule()
    *others, head = list_channel_groups(model).values()
    assert all("(Conv2D)" in group.pinned for group in others)
    assert head.pinned == "an output of the model"
