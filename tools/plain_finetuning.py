"""Finetune a Keras model as a good user would, with Keras alone.

    python tools/plain_finetuning.py SOURCE.keras TARGET.keras EPOCHS
    python tools/plain_finetuning.py mobilenet.keras finetuned.keras 30 \
        --data=cifar10 --data_dir=tfds --images=2000 --size=64 --scale=tf
    python tools/plain_finetuning.py resnet20.keras finetuned.keras 30 \
        --data=clothing10 --size=32 --scale=torch
    python tools/plain_finetuning.py resnet20.keras finetuned.keras 15 \
        --data=mnist --test_data=usps --size=32 --scale=torch --noflip

It is the peer of the package's own finetuning. The data are the digits 5 to 9,
CIFAR-10 of tensorflow-datasets, or a folder with train/ and test/. With
--test_data the model is tested on the folder of another domain.
"""

import argparse

import keras
import numpy as np
import tensorflow as tf

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("source")
parser.add_argument("target")
parser.add_argument("epochs", type=int)
parser.add_argument("--data", default="digits")
parser.add_argument("--data_dir")
parser.add_argument("--test_data")
parser.add_argument("--images", type=int, help="training images")
parser.add_argument("--size", type=int, help="pixels of a side")
parser.add_argument("--scale", choices=["none", "tf", "torch"], default="none")
parser.add_argument("--noflip", action="store_true")
parser.add_argument("--seed", type=int, default=0)
args = parser.parse_args()
keras.utils.set_random_seed(args.seed)

source = keras.models.load_model(args.source, compile=False)
size = args.size or source.input_shape[1]


def load_digits():
    """Return the images and labels of training and test."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    x, y = load_digits(return_X_y=True)
    x, y = x[y >= 5].reshape(-1, 8, 8, 1).repeat(3, -1) * 255 / 16, y[y >= 5]
    x = keras.ops.image.resize(x, (size, size)).numpy()
    x, test_x, y, test_y = train_test_split(x, y - 5, test_size=0.2)
    return (x, y), (test_x, test_y)


def load_cifar10():
    """Return the images and labels of training and test."""
    import tensorflow_datasets as tfds

    sets = tfds.load("cifar10", data_dir=args.data_dir, batch_size=-1)
    return [
        (tf.image.resize(part["image"], (size, size)).numpy(), part["label"])
        for part in tfds.as_numpy((sets["train"], sets["test"]))
    ]


def load_folder():
    """Return the images and labels of training and test."""
    sets = [
        keras.utils.image_dataset_from_directory(
            part, image_size=(size, size), shuffle=False
        )
        for part in (
            f"{args.data}/train",
            f"{args.test_data or args.data}/test",
        )
    ]
    return [
        tuple(map(np.concatenate, zip(*part.as_numpy_iterator(), strict=True)))
        for part in sets
    ]


def shift_and_mirror(x, y):
    """Shift by an eighth at most, and mirror what may be mirrored."""
    pad = size // 8
    x = tf.pad(x, [[pad, pad], [pad, pad], [0, 0]], "REFLECT")
    x = tf.image.random_crop(x, (size, size, 3))
    flips = not args.noflip and args.data != "digits"
    return (tf.image.random_flip_left_right(x) if flips else x), y


load = {"digits": load_digits, "cifar10": load_cifar10}
(x, y), (test_x, test_y) = load.get(args.data, load_folder)()
classes = int(y.max()) + 1
if args.images:
    draws = [np.flatnonzero(y == each) for each in range(classes)]
    keep = [np.random.permutation(d)[: args.images // classes] for d in draws]
    x, y = x[np.concatenate(keep)], y[np.concatenate(keep)]
steps = len(x) // 32
train = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(len(x)).repeat()
train = train.map(shift_and_mirror, tf.data.AUTOTUNE).batch(32).prefetch(4)

# A network of convolutions takes the weights at any image size.
pooling = keras.layers.GlobalAveragePooling2D
poolings = [layer for layer in source.layers if isinstance(layer, pooling)]
network = keras.Model(source.input, poolings[0].input)
sized = keras.models.clone_model(network, keras.Input((size, size, 3)))
sized.set_weights(network.get_weights())

image = features = keras.Input((size, size, 3))
if args.scale != "none":
    mean = [0.485, 0.456, 0.406] if args.scale == "torch" else [0.5] * 3
    std = [0.229, 0.224, 0.225] if args.scale == "torch" else [0.5] * 3
    features = keras.layers.Rescaling(1 / 255)(features)
    features = keras.layers.Normalization(mean=mean, variance=np.square(std))(
        features
    )
features = pooling()(sized(features))
model = keras.Model(image, keras.layers.Dense(classes)(features))
optimizer = keras.optimizers.SGD(
    keras.optimizers.schedules.CosineDecay(0.02, args.epochs * steps),
    momentum=0.9,
    nesterov=True,
    weight_decay=1e-3,
    global_clipnorm=5.0,  # The new classifier's first gradients are large.
)
optimizer.exclude_from_weight_decay(
    [v for v in model.trainable_variables if not v.name.endswith("kernel")]
)
model.compile(
    optimizer,
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=["accuracy"],
)
model.fit(train, epochs=args.epochs, steps_per_epoch=steps, verbose=2)
_, accuracy = model.evaluate(test_x, test_y, verbose=2)
print(f"test error: {100 * (1 - accuracy):.2f} %")
model.save(args.target)
