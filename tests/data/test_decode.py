import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from ntaa_tf.data.decode import crop
from ntaa_tf.data.decode import resize
from ntaa_tf.data.decode import try_decode


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_grey_and_alpha_become_rgb(tmp_path, write_png, channels):
    pixels = write_png(tmp_path / "image.png", 5, 7, channels)
    colours = pixels[..., :3] if channels >= 3 else pixels[..., :1]
    decoded = try_decode(tmp_path / "image.png")
    assert decoded.dtype == np.uint8
    np.testing.assert_array_equal(decoded, np.broadcast_to(colours, (5, 7, 3)))


@pytest.mark.parametrize("file_format", ["PNG", "BMP", "GIF"])
def test_palettes_are_looked_up(file_format):
    indexed = Image.fromarray(np.arange(12, dtype=np.uint8).reshape(3, 4))
    indexed = indexed.convert("RGB").quantize(12)
    encoded = io.BytesIO()
    indexed.save(encoded, file_format)
    np.testing.assert_array_equal(
        try_decode(encoded.getvalue()), np.asarray(indexed.convert("RGB"))
    )


def test_bmp_without_its_colours_is_broken():
    encoded = io.BytesIO()
    Image.new("L", (4, 4), 200).save(encoded, "BMP")
    header = bytearray(encoded.getvalue())
    assert try_decode(bytes(header)) is not None
    header[10:14] = (54 + 4).to_bytes(4, "little")
    assert try_decode(bytes(header)) is None


def test_animation_gives_its_first_frame():
    frames = [Image.new("RGB", (4, 3), (level, 0, 0)) for level in (255, 0)]
    encoded = io.BytesIO()
    frames[0].save(encoded, "GIF", save_all=True, append_images=frames[1:])
    decoded = try_decode(encoded.getvalue())
    assert decoded.shape == (3, 4, 3)
    assert (decoded[..., 0] > 200).all()


def test_encoded_bytes_and_arrays_are_accepted():
    pixels = np.arange(36, dtype=np.uint8).reshape(4, 3, 3)
    np.testing.assert_array_equal(try_decode(pixels), pixels)
    encoded = tf.io.encode_png(pixels).numpy()
    np.testing.assert_array_equal(try_decode(encoded), pixels)


def test_truncated_jpeg_is_broken():
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    encoded = tf.io.encode_jpeg(noise).numpy()
    assert try_decode(encoded) is not None
    assert try_decode(encoded[: len(encoded) // 2]) is None


@pytest.mark.parametrize("content", [b"", b"not an image at all"])
def test_other_bytes_are_broken(content):
    assert try_decode(content) is None


def test_missing_file_is_broken(tmp_path):
    assert try_decode(tmp_path / "missing.png") is None


def test_a_square_keeps_the_centre():
    image = np.zeros((4, 10, 3), np.uint8)
    image[:, 3:7] = 200
    np.testing.assert_array_equal(
        resize(crop(image, (4, 4)), (4, 4)), np.full((4, 4, 3), 200)
    )
    tall = image.transpose(1, 0, 2)
    np.testing.assert_array_equal(
        resize(crop(tall, (2, 2)), (2, 2)), np.full((2, 2, 3), 200)
    )


def test_a_square_shrinks_with_antialiasing():
    """A fine checkerboard turns grey; without antialiasing it would not."""
    checkers = np.indices((64, 64)).sum(axis=0) % 2 * 255
    image = np.repeat(checkers[..., None], 3, axis=-1).astype(np.uint8)
    inside = resize(crop(image, (16, 16)), (16, 16))[2:-2, 2:-2]
    np.testing.assert_allclose(inside, 127.5, atol=2)


def test_a_square_enlarges_within_the_range():
    image = np.random.default_rng(0).integers(0, 256, (8, 8, 3), np.uint8)
    enlarged = resize(crop(image, (32, 32)), (32, 32))
    assert enlarged.shape == (32, 32, 3)
    assert enlarged.dtype == np.uint8
    assert abs(enlarged.mean() - image.mean()) < 8


@pytest.mark.parametrize(
    ("height", "width", "expected"), [(20, 30, (20, 10)), (30, 6, (12, 6))]
)
def test_a_crop_is_the_largest_of_its_shape(height, width, expected):
    image = np.zeros((height, width, 3), np.uint8)
    image[height // 2, width // 2] = 1
    cropped = crop(image, (256, 128))
    assert cropped.shape[:2] == expected
    assert cropped[expected[0] // 2, expected[1] // 2].all()
