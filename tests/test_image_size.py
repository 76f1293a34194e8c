"""Image sizes are read from text."""

import pytest

from ntaa_tf.image_size import parse_size


@pytest.mark.parametrize(
    "text", ["0", "x", "3x", "x3", "3x0", "-1", "3.5", "3x4x5", "", " 3"]
)
def test_other_text_is_an_error(text):
    with pytest.raises(ValueError, match=r"`image_size`.*such as 256x128"):
        parse_size(text)
