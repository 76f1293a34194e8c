"""Small models with the features that make real graphs hard to rewrite."""

import keras
import numpy as np
from keras import layers
from keras.src.applications import resnet

SHAPE = (8, 8, 3)


def residual():
    """Batch norm, and operators and functions that aren't layers."""
    images = keras.Input(SHAPE, name="images")
    x = layers.Conv2D(4, 3, padding="same", name="stem")(images * 0.5 - 1.0)
    x = layers.BatchNormalization(name="norm")(x)
    x = layers.ReLU(name="stem_relu")(x)
    y = layers.Conv2D(4, 3, padding="same", name="conv")(x)
    y = layers.BatchNormalization(name="conv_norm")(y)
    x = keras.ops.relu(x + y)
    x = keras.ops.mean(x, axis=(1, 2))
    return keras.Model(images, layers.Dense(5, name="logits")(x))


def shared():
    """One convolution that is called at two places."""
    images = keras.Input(SHAPE, name="images")
    x = layers.Conv2D(4, 1, name="stem")(images)
    conv = layers.Conv2D(4, 3, padding="same", name="shared")
    x = conv(layers.ReLU()(conv(x)))
    return keras.Model(images, x)


def _inner(name="inner"):
    images = keras.Input(SHAPE, name="images")
    x = layers.Conv2D(3, 3, padding="same", name="conv")(images)
    x = layers.BatchNormalization(name="norm")(x)
    return keras.Model(images, x + images, name=name)


def _middle():
    images = keras.Input(SHAPE, name="images")
    x = layers.Conv2D(3, 1, name="conv")(images)
    x = _inner()(x)
    return keras.Model(images, layers.ReLU(name="relu")(x), name="middle")


def nested():
    """A model in a model, with a layer of the same name in both."""
    images = keras.Input(SHAPE, name="images")
    x = layers.Conv2D(3, 1, name="conv")(images)
    x = _inner()(x)
    return keras.Model(images, layers.ReLU(name="relu")(x))


def doubly_nested():
    """A model in a model in a model, a layer of one name in all three."""
    images = keras.Input(SHAPE, name="images")
    x = layers.Conv2D(3, 1, name="conv")(images)
    return keras.Model(images, layers.ReLU(name="relu")(_middle()(x)))


def nested_twice():
    """One nested model that is called at two places."""
    images = keras.Input(SHAPE, name="images")
    inner = _inner()
    return keras.Model(images, inner(layers.ReLU()(inner(images))))


def nested_with_two_outputs():
    """A nested model with two inputs and two outputs."""
    left, right = keras.Input(SHAPE), keras.Input(SHAPE)
    x = layers.Conv2D(3, 1, name="conv")(left - right)
    inner = keras.Model([left, right], [x, left], name="inner")
    images = keras.Input(SHAPE, name="images")
    x = layers.Conv2D(3, 1, name="conv")(images)
    first, second = inner([images, x])
    return keras.Model(images, layers.Concatenate()([second, first]))


def two_outputs():
    """The shallow output is listed last."""
    images = keras.Input(SHAPE, name="images")
    x = layers.Conv2D(4, 3, name="stem")(images)
    y = layers.Conv2D(6, 3, name="conv")(layers.ReLU(name="relu")(x))
    return keras.Model(images, [y, layers.Dense(2, name="aside")(x)])


def sequential():
    """A Sequential model."""
    return keras.Sequential(
        [
            keras.Input(SHAPE, name="images"),
            layers.Conv2D(4, 3, name="conv"),
            layers.BatchNormalization(name="norm"),
        ],
        name="sequence",
    )


def sequential_inside():
    """A Sequential model, and in it another, in a functional one."""
    images = keras.Input(SHAPE, name="images")
    block = keras.Sequential(
        [sequential(), layers.Conv2D(4, 1, name="conv")], name="block"
    )
    x = layers.Conv2D(3, 1, name="conv")(images)
    return keras.Model(images, block(x))


def padded():
    """ZeroPadding2D before `valid` convolutions, as in keras.applications."""
    images = keras.Input(SHAPE, name="images")
    x = layers.ZeroPadding2D(1, name="stem_pad")(images)
    x = layers.Conv2D(4, 3, strides=2, name="stem")(x)
    x = layers.ZeroPadding2D(((0, 1), (0, 1)), name="conv_pad")(x)
    x = layers.DepthwiseConv2D(3, strides=2, name="conv")(x)
    return keras.Model(images, layers.Dropout(0.5, seed=7)(x))


def globalized(size=8):
    """A residual branch whose site collapsed into globalization."""
    images = keras.Input((size, size, 3), name="images")
    x = layers.Conv2D(4, 3, padding="same", name="stem")(images)
    y = layers.GlobalAveragePooling2D(keepdims=True, name="mean")(x)
    y = layers.UpSampling2D(size, name="globalization")(y)
    y = layers.Conv2D(4, 3, padding="same", name="behind")(y)
    x = layers.GlobalAveragePooling2D(name="pool")(x + y)
    return keras.Model(images, layers.Dense(5, name="logits")(x))


def normalized():
    """Normalization whose statistics are derived from its weights."""
    images = keras.Input(SHAPE, name="images")
    normalization = layers.Normalization(name="normalization")
    normalization.adapt(make_images() * 3 + 2)
    return keras.Model(images, layers.Conv2D(4, 1)(normalization(images)))


def make_resnet(preact=False, size=(32, 32)):
    """Keras's ResNet, narrow, of two stages of two blocks."""
    stack = resnet.stack_residual_blocks_v1
    if preact:
        stack = resnet.stack_residual_blocks_v2
    return resnet.ResNet(
        lambda x: stack(stack(x, 4, 2, 1, name="two"), 8, 2, name="three"),
        preact=preact,
        use_bias=True,
        include_top=False,
        weights=None,
        input_shape=(*size, 3),
    )


class Subclassed(keras.Model):
    """A subclassed model, whose graph is unknown."""

    def __init__(self):
        super().__init__(name="subclassed")
        self.conv = layers.Conv2D(3, 1)

    def call(self, images):
        return self.conv(images)


FACTORIES = {
    factory.__name__: factory
    for factory in (
        residual,
        shared,
        nested,
        doubly_nested,
        nested_twice,
        nested_with_two_outputs,
        two_outputs,
        sequential,
        sequential_inside,
        padded,
        globalized,
        normalized,
    )
}


def make_images():
    return np.random.default_rng(0).normal(size=(2, *SHAPE)).astype("float32")


def make_model(name):
    """Make a model by name, with batch statistics that aren't the initial."""
    keras.utils.set_random_seed(0)
    model = FACTORIES[name]()
    generator = np.random.default_rng(1)
    for weight in model.weights:
        if "moving" in weight.path:
            weight.assign(generator.uniform(0.5, 2.0, weight.shape))
    return model


def predict(model, images=None):
    """Return all outputs of a model as arrays."""
    images = make_images() if images is None else images
    return [np.asarray(output) for output in _as_list(model(images))]


def _as_list(outputs):
    return list(outputs) if isinstance(outputs, list | tuple) else [outputs]
