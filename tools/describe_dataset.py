r"""Describe a retrieval data set: what is in its splits.

    python tools/describe_dataset.py --dataset=market1501 --data_dir=data
    python tools/describe_dataset.py --dataset=market:path/to/folder

Checks it as training does, and decodes nothing.
"""

import os

# Before TensorFlow is imported, which reads it once.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from absl import app
from absl import flags

from ntaa_tf.command_line import end
from ntaa_tf.command_line import make_parser
from ntaa_tf.command_line import refuse_words
from ntaa_tf.data.retrieval import open_retrieval
from ntaa_tf.data.retrieval import summarize


def main(arguments: list[str]) -> int:
    """Print the summary of the data set that the flags name.

    Returns:
        The exit status, as of `ntaa_tf.command_line.end`.
    """
    return end(lambda: print(describe(arguments[1:])))


def describe(words: list[str]) -> str:
    """Summarize the data set that the flags name."""
    refuse_words(words)
    flag = flags.FLAGS
    return summarize(open_retrieval(flag.dataset, flag.data_dir))


if __name__ == "__main__":
    flags.DEFINE_string(
        "dataset",
        None,
        "The name of a retrieval data set, or market:PATH.",
        required=True,
    )
    flags.DEFINE_string("data_dir", None, "Its folder, or the one above it.")
    app.run(main, flags_parser=make_parser(__doc__))
