"""Networks whose channels are tied in ways that are easily got wrong."""

import keras
import numpy as np
from keras import layers
from keras import ops

SHAPE = (16, 16, 3)


def block(tensor, filters, kernel_size=3):
    """Return a convolution with batch norm and ReLU."""
    tensor = layers.Conv2D(filters, kernel_size, padding="same")(tensor)
    return layers.ReLU()(layers.BatchNormalization()(tensor))


def finish(images, features):
    """Return a classifier of pooled features, with drawn weights."""
    pooled = layers.GlobalAveragePooling2D()(features)
    return draw_weights(keras.Model(images, layers.Dense(4)(pooled)))


def draw_weights(model, seed=0):
    """Draw all weights, offsets and statistics, so that a mistake shows."""
    rng = np.random.default_rng(seed)
    for variable in model.weights:
        if "seed" in variable.path:
            continue
        shape = variable.shape
        fan_in = max(1, np.prod(shape[:-1]) / 8) if len(shape) > 1 else 1
        values = rng.normal(0, 0.3 / np.sqrt(fan_in), shape)
        if variable.name in ("moving_variance", "variance", "gamma"):
            values = np.abs(values) + 0.5
        variable.assign(values)
    return model


def one_tensor_twice():
    images = keras.Input(SHAPE)
    tensor = block(images, 16)
    return finish(images, block(layers.Concatenate()([tensor, tensor]), 8))


def doubled_and_gated():
    images = keras.Input(SHAPE)
    tensor = block(images, 16)
    pooled = layers.GlobalAveragePooling2D(keepdims=True)(tensor)
    gate = layers.Dense(16, activation="sigmoid")(pooled)
    doubled = layers.Multiply()([layers.Add()([tensor, tensor]), gate])
    return finish(images, block(doubled, 8))


def dense_blocks():
    images = keras.Input(SHAPE)
    tensor = block(images, 8)
    for _ in range(3):
        tensor = layers.Concatenate()([tensor, block(tensor, 8)])
    return finish(images, tensor)


def one_activation_at_two_widths():
    relu, images = layers.ReLU(), keras.Input(SHAPE)
    wide = relu(layers.Conv2D(16, 3)(images))
    return finish(images, relu(layers.Conv2D(8, 3)(wide)))


def one_convolution_of_two_tensors():
    images = keras.Input(SHAPE)
    shared = layers.Conv2D(16, 3, padding="same")
    left, right = shared(block(images, 8)), shared(block(images, 8, 5))
    return finish(images, block(layers.Concatenate()([left, right]), 8))


def flattened_map():
    images = keras.Input(SHAPE)
    flat = layers.Flatten()(layers.MaxPooling2D(4)(block(images, 16)))
    hidden = layers.Dense(16, activation="relu")(flat)
    return draw_weights(keras.Model(images, layers.Dense(4)(hidden)))


def depth_multiplier():
    images = keras.Input(SHAPE)
    deep = layers.DepthwiseConv2D(3, padding="same", depth_multiplier=2)
    tensor = layers.ReLU()(layers.BatchNormalization()(deep(block(images, 8))))
    separable = layers.SeparableConv2D(8, 3, depth_multiplier=2)
    return finish(images, separable(block(tensor, 8, 1)))


def norms_across_channels():
    images = keras.Input(SHAPE)
    tensor = layers.LayerNormalization()(layers.Conv2D(16, 3)(images))
    tensor = layers.Conv2D(16, 3)(layers.ReLU()(tensor))
    tensor = layers.ReLU()(layers.GroupNormalization(4)(tensor))
    return finish(images, block(tensor, 8))


def weights_of_channels():
    images = keras.Input(SHAPE)
    slopes = layers.PReLU(shared_axes=[1, 2])(layers.Conv2D(16, 3)(images))
    norm = layers.BatchNormalization(scale=False)
    tensor = layers.ReLU()(norm(layers.Conv2D(16, 3)(slopes)))
    norm = layers.BatchNormalization(center=False)
    return finish(images, layers.ReLU()(norm(layers.Conv2D(16, 3)(tensor))))


def grouped_convolution():
    images = keras.Input(SHAPE)
    grouped = layers.Conv2D(16, 3, groups=4)(block(images, 16))
    return finish(images, block(grouped, 8))


def padded_with_zero_channels():
    images = keras.Input(SHAPE)
    tensor = block(images, 8)
    turned = layers.Permute((1, 3, 2))(tensor)
    padded = layers.ZeroPadding2D(((0, 0), (4, 4)))(turned)
    shortcut = layers.Permute((1, 3, 2))(padded)
    branch = layers.Conv2D(16, 3, padding="same")(block(tensor, 8))
    branch = layers.BatchNormalization()(branch)
    tensor = layers.ReLU()(layers.Add()([shortcut, branch]))
    return finish(images, block(tensor, 8))


def swapped_halves():
    images = keras.Input(SHAPE)
    tensor = block(images, 16)
    halves = [tensor[..., 8:], tensor[..., :8]]
    return finish(images, block(ops.concatenate(halves, axis=-1), 8))


def three_readers():
    images = keras.Input(SHAPE)
    tensor = block(images, 16)
    pooled = layers.GlobalAveragePooling2D()(block(tensor, 8))
    largest = layers.GlobalMaxPooling2D()(tensor)
    outputs = [layers.Dense(4)(pooled), layers.Dense(2)(largest)]
    return draw_weights(keras.Model(images, outputs))


def operators():
    images = keras.Input(SHAPE)
    tensor = block(images * 0.5 - 1.0, 16)[:, ::2, ::2]
    gate = ops.mean(tensor, axis=(1, 2), keepdims=True)
    gate = ops.relu6(layers.Dense(16)(gate) + 3.0) / 6.0
    spatial = layers.Conv2D(1, 1, activation="sigmoid")(tensor)
    return finish(images, block(tensor * gate * spatial, 8))


def nested_model():
    images = keras.Input(SHAPE)
    tensor = block(images, 8)
    inner = keras.Sequential([layers.Conv2D(6, 3), layers.ReLU()])
    return finish(images, block(inner(tensor), 8))


def one_padding_of_channels_and_pixels():
    images = keras.Input(SHAPE)
    pad = layers.ZeroPadding2D(((1, 1), (4, 4)))
    turned = layers.Permute((1, 3, 2))(block(images, 8))
    deep = layers.Permute((1, 3, 2))(pad(turned))
    return finish(images, block(pad(block(deep, 8)), 8))


def flattened_channels_first():
    images = keras.Input(SHAPE)
    pooled = layers.MaxPooling2D(4)(block(block(images, 8), 16))
    flat = layers.Flatten(data_format="channels_first")(pooled)
    return draw_weights(keras.Model(images, layers.Dense(4)(flat)))


def reshaped_with_an_open_length():
    images = keras.Input(SHAPE)
    tensor = block(images, 16)
    pooled = layers.GlobalAveragePooling2D()(tensor)
    gate = layers.Dense(16, activation="sigmoid")(pooled)
    gate = layers.Reshape((-1, 1, 16))(layers.Rescaling(2.0)(gate))
    return finish(images, block(layers.Multiply()([tensor, gate]), 8))


def softmax_head():
    images = keras.Input(SHAPE)
    pooled = layers.GlobalAveragePooling2D()(block(images, 16))
    head = layers.Dense(4, activation="softmax")
    return draw_weights(keras.Model(images, head(pooled)))


def first_call_of_two_without_a_rule():
    images = keras.Input((8, 8, 8))
    shared = layers.Conv2D(8, 1)
    turned = shared(layers.Permute((1, 3, 2))(layers.Conv2D(8, 1)(images)))
    return finish(images, shared(block(turned, 8)))


TIED = (
    *(one_tensor_twice, doubled_and_gated, dense_blocks),
    *(one_activation_at_two_widths, one_convolution_of_two_tensors),
    *(flattened_map, depth_multiplier, norms_across_channels),
    *(weights_of_channels, grouped_convolution, padded_with_zero_channels),
    *(swapped_halves, three_readers, operators, nested_model),
    *(one_padding_of_channels_and_pixels, flattened_channels_first),
    reshaped_with_an_open_length,
)
