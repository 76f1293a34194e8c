"""Adapt a pretrained Keras model to a data set: `python -m ntaa_tf.adapt`."""

from ntaa_tf.commands.adapt import start

if __name__ == "__main__":
    start()
