r"""Describe the splits of a retrieval data set.

    python tools/describe_dataset.py --dataset=market1501 --data_dir=data
    python tools/describe_dataset.py --dataset=market:path/to/folder

The data set passes the same checks as before training. No image is decoded.
"""

import os

# TensorFlow reads this variable once, when it is imported.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from absl import flags
from tool import run_tool

from ntaa_tf.command_line import check_no_words
from ntaa_tf.data.retrieval import open_retrieval
from ntaa_tf.data.retrieval import summarize_retrieval


def follow(words: list[str]) -> None:
    """Print the summary of the data set that the flags name."""
    check_no_words(words)
    flag = flags.FLAGS
    print(summarize_retrieval(open_retrieval(flag.dataset, flag.data_dir)))


if __name__ == "__main__":
    flags.DEFINE_string(
        "dataset",
        None,
        "Name of a retrieval data set, or market:PATH.",
        required=True,
    )
    flags.DEFINE_string(
        "data_dir", None, "Directory of the data set, or its parent directory."
    )
    run_tool(__doc__, follow)
