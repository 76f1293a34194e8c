"""Train a supernet without labels: `python -m ntaa_tf.pretrain`."""

from ntaa_tf.commands.pretrain import start

if __name__ == "__main__":
    start()
