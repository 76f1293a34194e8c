"""Parts of every command line: flag parser, help, errors, exit status."""

from ntaa_tf.command_line.ending import BAD_INPUT
from ntaa_tf.command_line.ending import DONE
from ntaa_tf.command_line.ending import FAILED
from ntaa_tf.command_line.ending import GOES_ON
from ntaa_tf.command_line.ending import STOPPED
from ntaa_tf.command_line.ending import TERMINATED
from ntaa_tf.command_line.ending import end
from ntaa_tf.command_line.guidance import Heading
from ntaa_tf.command_line.words import make_parser
from ntaa_tf.command_line.words import refuse_words

__all__ = [
    "BAD_INPUT",
    "DONE",
    "FAILED",
    "GOES_ON",
    "STOPPED",
    "TERMINATED",
    "Heading",
    "end",
    "make_parser",
    "refuse_words",
]
