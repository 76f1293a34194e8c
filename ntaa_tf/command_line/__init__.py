"""Parts of every command line: flag parser, help, errors, exit status."""

from ntaa_tf.command_line.ending import BAD_INPUT
from ntaa_tf.command_line.ending import DONE
from ntaa_tf.command_line.ending import FAILED
from ntaa_tf.command_line.ending import RESUMABLE
from ntaa_tf.command_line.ending import STOPPED
from ntaa_tf.command_line.ending import TERMINATED
from ntaa_tf.command_line.ending import end
from ntaa_tf.command_line.guidance import Heading
from ntaa_tf.command_line.words import check_no_words
from ntaa_tf.command_line.words import explain_flag
from ntaa_tf.command_line.words import make_parser
from ntaa_tf.command_line.words import show_and_exit

__all__ = [
    "BAD_INPUT",
    "DONE",
    "FAILED",
    "RESUMABLE",
    "STOPPED",
    "TERMINATED",
    "Heading",
    "check_no_words",
    "end",
    "explain_flag",
    "make_parser",
    "show_and_exit",
]
