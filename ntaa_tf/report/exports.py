"""The table of what was handed back, each file as its runtime opened it."""

import html
from collections.abc import Mapping
from typing import Any

from ntaa_tf.report.markup import write_row
from ntaa_tf.report.markup import write_section
from ntaa_tf.report.table import MISSING
from ntaa_tf.report.table import format_share

MEBIBYTE = 2**20
HEADER = (
    *("", "file", "size", "largest difference", "same predictions"),
    "per image",
)
CAPTION = (
    "Each file was opened by its own runtime, where this package can't be "
    "imported, and answered test images. The difference is that of any output "
    "from the live model's, as a share of the largest where that is above 1; "
    "the time is the median of a batch of one, on the processor."
)


def show_exports(exports: Mapping[str, Mapping[str, Any]]) -> str:
    """Show what was exported, nothing if nothing was.

    Args:
        exports: of each format its `file`, its `bytes`, what was measured,
            and the `failure`, if there was any.
    """
    if not exports:
        return ""
    rows = [write_row(_list_cells(name, exports[name])) for name in exports]
    failures = [
        f"<p>{html.escape(name)} {html.escape(told['failure'])}</p>"
        for name, told in exports.items()
        if "failure" in told
    ]
    return write_section(
        "Exports",
        f'<div class="scroll"><table class="results listing"><caption>{CAPTION}'
        f"</caption><thead>{write_row(HEADER, 'col')}</thead>"
        f"<tbody>{''.join(rows)}</tbody></table></div>{''.join(failures)}",
    )


def _list_cells(name: str, told: Mapping[str, Any]) -> tuple[str, ...]:
    difference, duration = told.get("difference"), told.get("milliseconds")
    size = told.get("bytes", 0)
    return (
        name + (" (failed)" if "failure" in told else ""),
        str(told.get("file", MISSING)),
        f"{size / MEBIBYTE:,.2f} MiB" if size else MISSING,
        MISSING if difference is None else f"{difference:.1e}",
        format_share(told.get("agreement")),
        MISSING if duration is None else f"{duration:,.2f} ms",
    )
