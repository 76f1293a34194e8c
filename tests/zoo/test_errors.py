"""Keras's messages are shortened to the actual error."""

import pytest

from ntaa_tf.zoo.errors import summarize


@pytest.mark.parametrize(
    ("message", "core"),
    [
        ("No such thing.", "No such thing"),
        (
            "Failed.\n\nconfig={}\n\nException encountered: Could not locate "
            "class 'X'. Full object config: {'a': 1}",
            "Could not locate class 'X'",
        ),
        (
            "A total of 2 objects could not be loaded. Example error message "
            "for object <Conv2D>:\n\nShapes (1,) and (2,). Target variable: "
            "<Variable [[1.0]]>",
            "<Conv2D>: Shapes (1,) and (2,)",
        ),
    ],
)
def test_only_the_core_is_left(message, core):
    assert summarize(ValueError(message)) == core


def test_a_long_message_is_cut():
    assert len(summarize(ValueError("word " * 1000))) <= 300
