"""Finetune a Keras model on the digits 5 to 9, with Keras alone.

    python tools/plain_finetuning.py SOURCE.keras TARGET.keras EPOCHS

The baseline of `tools/benchmark.py adapt`.
"""

import sys

import keras
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

source_file, target_file, epochs = sys.argv[1:]

source = keras.models.load_model(source_file)
size = source.input_shape[1]

images, labels = load_digits(return_X_y=True)
images = images[labels >= 5].reshape(-1, 8, 8, 1).repeat(3, axis=-1) * 255 / 16
images = keras.ops.image.resize(images, (size, size)).numpy()
train_images, test_images, train_labels, test_labels = train_test_split(
    images, labels[labels >= 5] - 5, test_size=0.2, random_state=0
)

inputs = keras.Input((size, size, 3))
augmented = keras.layers.RandomTranslation(0.125, 0.125)(inputs)
features = keras.Model(source.input, source.layers[-2].output)
logits = keras.layers.Dense(5)(features(augmented))
model = keras.Model(inputs, logits)

steps = int(epochs) * (len(train_images) * 9 // 10 // 32)
model.compile(
    optimizer=keras.optimizers.SGD(
        keras.optimizers.schedules.CosineDecay(0.02, steps),
        momentum=0.9,
        nesterov=True,
    ),
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=["accuracy"],
)
model.fit(
    train_images,
    train_labels,
    batch_size=32,
    epochs=int(epochs),
    validation_split=0.1,
    verbose=2,
)
model.evaluate(test_images, test_labels, verbose=2)
model.save(target_file)
