"""Finetune a Keras model for retrieval as a good user would, with Keras alone.

    python tools/plain_retrieval.py SOURCE.keras EPOCHS DATA
    python tools/plain_retrieval.py mobilenet.keras 15 omniglot_retrieval \
        --size=64 --scale=tf

It is the peer of the package's own finetuning for retrieval. The data have the
layout and the file names of Market-1501. The loss is the mean of the
cross-entropy behind batch norm and of the batch-hard triplet loss.
"""

import argparse
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

IDENTITIES, IMAGES = 16, 4  # In a batch.
MARGIN = 0.3

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("source")
parser.add_argument("epochs", type=int)
parser.add_argument("data", type=Path)
parser.add_argument("--size", type=int, default=64, help="pixels of a side")
parser.add_argument("--scale", choices=["tf", "torch"], default="tf")
parser.add_argument("--seed", type=int, default=0)
args = parser.parse_args()
keras.utils.set_random_seed(args.seed)
mean = [0.485, 0.456, 0.406] if args.scale == "torch" else [0.5] * 3
std = [0.229, 0.224, 0.225] if args.scale == "torch" else [0.5] * 3


def load(part):
    """Return the images, identities and cameras of a folder."""
    files = sorted(
        f
        for f in (args.data / part).iterdir()
        if f.suffix in {".jpg", ".png"} and not f.name.startswith("-1")
    )
    images = [
        tf.image.resize(
            tf.io.decode_image(
                f.read_bytes(), channels=3, expand_animations=False
            ),
            (args.size, args.size),
        )
        for f in files
    ]
    names = [f.name.split("_") for f in files]
    identities = np.array([int(name[0]) for name in names])
    cameras = np.array([int(name[1][1]) for name in names])
    return np.stack(images), identities, cameras


def draw_batches(identities):
    """Yield the indices of batches: 16 identities, 4 images of each."""
    rows = [np.flatnonzero(identities == k) for k in range(classes)]
    while True:
        order = np.random.permutation(classes)
        for drawn in order[: classes - classes % IDENTITIES].reshape(
            -1, IDENTITIES
        ):
            yield np.concatenate(
                [np.random.choice(rows[k], IMAGES, False) for k in drawn]
            )


def shift(image, label):
    """Shift by an eighth at most. Characters are not mirrored."""
    pad = args.size // 8
    image = tf.pad(image, [[pad, pad], [pad, pad], [0, 0]], "REFLECT")
    return tf.image.random_crop(image, (args.size, args.size, 3)), label


def measure_triplet_loss(labels, features):
    """Return the batch-hard triplet loss of each image."""
    squares = tf.reduce_sum((features[:, None] - features[None]) ** 2, -1)
    distances = tf.sqrt(tf.maximum(squares, 1e-12))
    same = tf.reshape(labels, (-1, 1)) == tf.reshape(labels, (1, -1))
    farthest = tf.reduce_max(tf.where(same, distances, 0.0), 1)
    nearest = tf.reduce_min(tf.where(same, 1e9, distances), 1)
    return tf.nn.relu(MARGIN + farthest - nearest)


def measure_precision(distances, query, gallery):
    """Return the mean average precision over the other cameras' images."""
    precisions = []
    for row, identity, camera in zip(distances, *query, strict=True):
        seen = (gallery[0] == identity) & (gallery[1] == camera)
        order = np.argsort(row[~seen])
        hits = np.flatnonzero((gallery[0][~seen] == identity)[order])
        if len(hits):
            precisions.append(np.mean(np.arange(1, len(hits) + 1) / (hits + 1)))
    return np.mean(precisions)


images, identities, _ = load("bounding_box_train")
identities = np.unique(identities, return_inverse=True)[1]
classes = int(identities.max()) + 1
steps = len(images) // (IDENTITIES * IMAGES)
train = tf.data.Dataset.from_generator(
    lambda: (
        (images[i], identities[i]) for b in draw_batches(identities) for i in b
    ),
    output_signature=(
        tf.TensorSpec((args.size, args.size, 3)),
        tf.TensorSpec((), "int32"),
    ),
)
train = train.map(shift, 2).batch(IDENTITIES * IMAGES).prefetch(4)
train = train.map(lambda image, label: (image, (label, label)))

# A network of convolutions takes the weights at any image size.
source = keras.models.load_model(args.source, compile=False)
pooling = keras.layers.GlobalAveragePooling2D
poolings = [layer for layer in source.layers if isinstance(layer, pooling)]
network = keras.Model(source.input, poolings[0].input)
shape = (args.size, args.size, 3)
sized = keras.models.clone_model(network, keras.Input(shape))
sized.set_weights(network.get_weights())

image = keras.Input(shape)
scaled = keras.layers.Rescaling(1 / 255)(image)
scaled = keras.layers.Normalization(mean=mean, variance=np.square(std))(scaled)
features = pooling(name="features")(sized(scaled))
logits = keras.layers.BatchNormalization()(features)
logits = keras.layers.Dense(classes, use_bias=False)(logits)
model = keras.Model(image, [features, logits])
optimizer = keras.optimizers.SGD(
    keras.optimizers.schedules.CosineDecay(0.02, args.epochs * steps),
    momentum=0.9,
    nesterov=True,
    weight_decay=1e-3,
    global_clipnorm=5.0,
)
optimizer.exclude_from_weight_decay(
    [v for v in model.trainable_variables if not v.name.endswith("kernel")]
)
cross_entropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
model.compile(
    optimizer,
    loss=[measure_triplet_loss, cross_entropy],
    loss_weights=[0.5, 0.5],
)
model.fit(train, epochs=args.epochs, steps_per_epoch=steps, verbose=2)

embed = keras.Model(image, features)
parts = []
for part in ("query", "bounding_box_test"):
    test_images, *labels = load(part)
    embeddings = embed.predict(test_images, batch_size=64, verbose=0)
    unit = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)
    parts.append((unit, labels))
(query, query_labels), (gallery, gallery_labels) = parts
precision = measure_precision(-query @ gallery.T, query_labels, gallery_labels)
print(f"mAP: {100 * precision:.2f} %")
