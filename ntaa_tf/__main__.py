"""All commands by one name: `python -m ntaa_tf adapt` is `ntaa adapt`."""

from ntaa_tf.commands.ntaa import start

if __name__ == "__main__":
    start()
