"""The choice of an image size is a pure function."""

import pytest

from ntaa_tf.image_size import as_size
from ntaa_tf.zoo import SourceInfo
from ntaa_tf.zoo import choose_image_size


def _info(side, minimum_size=32, fixed_size=False, pretrained=True):
    return SourceInfo(
        name="any",
        weights="any",
        preprocessing="none",
        native_size=side and as_size(side),
        minimum_size=minimum_size,
        fixed_size=fixed_size,
        pretrained=pretrained,
    )


@pytest.mark.parametrize(
    ("info", "data_size", "expected"),
    [
        (_info(224), 32, 128),  # enlarged by 4, up to 128
        (_info(224), 28, 112),  # enlarged by 4
        (_info(224), 64, 128),  # enlarged up to 128
        (_info(224), 160, 160),  # large enough
        (_info(224), 500, 224),  # never above the model's own size
        (_info(380), 300, 300),
        (_info(224), 7, 32),  # never below the minimum
        (_info(299, minimum_size=75), 8, 75),
        (_info(16, minimum_size=8), 8, 16),
        (_info(224, pretrained=False), 32, 32),  # nothing learnt at 224
        (_info(224, pretrained=False), 500, 500),
        (_info(299, minimum_size=75, pretrained=False), 32, 75),
        (_info(32, minimum_size=1, fixed_size=True), 128, 32),  # a file
        (_info(224, minimum_size=1, fixed_size=True), 28, 224),
        (_info(None, minimum_size=1), 28, 28),  # a file of any size
    ],
)
def test_image_size_fits_model_and_data(info, data_size, expected):
    chosen = choose_image_size(info, (data_size, data_size))
    assert chosen == (expected, expected)


@pytest.mark.parametrize(
    ("info", "expected"),
    [
        (_info(224), (256, 128)),
        (_info(96), (192, 96)),
        (_info(224, pretrained=False), (128, 64)),
        (_info(32, fixed_size=True), (32, 32)),
        (_info((64, 48), fixed_size=True), (64, 48)),
    ],
)
def test_upright_images_stay_upright(info, expected):
    assert choose_image_size(info, (128, 64)) == expected
