"""The command line that all tools share."""

from collections.abc import Callable

from absl import app

from ntaa_tf.command_line import end
from ntaa_tf.command_line import make_parser


def run_tool(
    about: str | None,
    act: Callable[[list[str]], int | None],
    stopped: str = "stopped",
) -> None:
    """Parse the flags, run a tool, and exit with its status.

    The exit status is that of `ntaa_tf.command_line.end`, unless the tool
    returns one.

    Args:
        about: text of `--help`.
        act: runs the tool; it receives the words that are not flags.
        stopped: message after Ctrl-C or SIGTERM.
    """

    def main(arguments: list[str]) -> int:
        return end(lambda: act(arguments[1:]), stopped=stopped)

    app.run(main, flags_parser=make_parser(about))
