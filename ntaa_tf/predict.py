"""Predict images with an adapted model: `python -m ntaa_tf.predict`."""

from ntaa_tf.commands.predict import start

if __name__ == "__main__":
    start()
