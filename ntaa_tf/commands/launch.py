r"""Start several workers on this machine, to try multi-worker training.

    ntaa launch --workers=2 -- --smoke --workdir=runs/two_workers

The words after `--` are flags of `ntaa adapt`. The workers compute on CPUs.
On a cluster, the scheduler starts the workers: see docs/clusters.md.
"""

from absl import app
from absl import flags
from absl import logging as absl_logging

from ntaa_tf.command_line import RESUMABLE
from ntaa_tf.command_line import Heading
from ntaa_tf.command_line import end
from ntaa_tf.command_line import make_parser
from ntaa_tf.command_line.quiet_import import import_tensorflow

HEADING = Heading(
    "Workers",
    {
        "workers": "number of workers",
        "module": "ntaa_tf.adapt, or ntaa_tf.pretrain",
    },
)


def define_flags() -> None:
    """Define the flags."""
    flags.DEFINE_integer(
        "workers", 2, "Number of workers, 1 or more.", lower_bound=1
    )
    flags.DEFINE_string(
        "module",
        "ntaa_tf.adapt",
        "Module that every worker runs: ntaa_tf.adapt or ntaa_tf.pretrain.",
    )


def main(arguments: list[str]) -> int:
    """Launch the workers of the flags, and wait for their end.

    Args:
        arguments: name of the program, and flags of the workers.

    Returns:
        The exit status of the first worker that failed, else 0; or that of
        `ntaa_tf.command_line.end`.
    """
    absl_logging.set_verbosity(absl_logging.ERROR)
    return end(lambda: _follow(arguments[1:]), stopped=RESUMABLE)


def _follow(words: list[str]) -> int:
    import_tensorflow()
    from ntaa_tf.distribute.launching import launch

    flag = flags.FLAGS
    return launch(flag.workers, flag.module, words)


def start() -> None:
    """Define the flags, parse the command line, and end with its status."""
    define_flags()
    app.run(main, flags_parser=make_parser(__doc__, [HEADING]))
