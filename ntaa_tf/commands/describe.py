r"""Describe the splits of a retrieval data set.

    ntaa describe --dataset=market1501 --data_dir=data
    ntaa describe --dataset=market:path/to/folder

The data set passes the same checks as before training. No image is decoded.
"""

from typing import Any

from absl import app
from absl import flags
from absl import logging as absl_logging

from ntaa_tf.command_line import Heading
from ntaa_tf.command_line import check_no_words
from ntaa_tf.command_line import end
from ntaa_tf.command_line import make_parser
from ntaa_tf.command_line.log import log_plainly
from ntaa_tf.command_line.quiet_import import import_tensorflow

HEADING = Heading(
    "Data set",
    {
        "dataset": "name of a retrieval data set, or market:PATH",
        "data_dir": "its directory, or the parent of it",
    },
)


def define_flags() -> None:
    """Define the flags."""
    flags.DEFINE_string(
        "dataset", None, "Name of a retrieval data set, or market:PATH."
    )
    flags.DEFINE_string(
        "data_dir", None, "Directory of the data set, or its parent directory."
    )


def main(arguments: list[str]) -> int:
    """Describe the data set of the flags.

    Returns:
        The exit status, see `ntaa_tf.command_line.end`.
    """
    absl_logging.set_verbosity(absl_logging.ERROR)
    log_plainly()
    return end(lambda: follow(arguments[1:]))


def follow(words: list[str]) -> None:
    """Print the summary of the data set that the flags name.

    Args:
        words: words of the command line that are no flags.
    """
    check_no_words(words)
    flag = flags.FLAGS
    dataset: Any = flag["dataset"].value
    if not dataset:
        raise ValueError(
            "--dataset=NAME is needed: a retrieval data set, or market:PATH."
        )
    import_tensorflow()
    from ntaa_tf.data.retrieval import open_retrieval
    from ntaa_tf.data.retrieval import summarize_retrieval

    print(summarize_retrieval(open_retrieval(dataset, flag["data_dir"].value)))


def start() -> None:
    """Define the flags, parse the command line, and end with its status."""
    define_flags()
    app.run(main, flags_parser=make_parser(__doc__, [HEADING]))
