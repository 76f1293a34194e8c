"""The HTML page, the drawings and the result table of a run."""

from ntaa_tf.report.architecture_drawing import draw_architecture
from ntaa_tf.report.architecture_drawing import render_architecture
from ntaa_tf.report.contact_sheet import draw_contact_sheet
from ntaa_tf.report.contact_sheet import encode_thumbnail
from ntaa_tf.report.page import write_report
from ntaa_tf.report.records import Records
from ntaa_tf.report.table import format_count
from ntaa_tf.report.table import format_table
from ntaa_tf.report.verdict import BETTER
from ntaa_tf.report.verdict import find_outcome
from ntaa_tf.report.verdict import judge

__all__ = [
    "BETTER",
    "Records",
    "draw_architecture",
    "draw_contact_sheet",
    "encode_thumbnail",
    "find_outcome",
    "format_count",
    "format_table",
    "judge",
    "render_architecture",
    "write_report",
]
