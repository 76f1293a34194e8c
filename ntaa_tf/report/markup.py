"""HTML that pages and their sections share."""

import html
from collections.abc import Iterable
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ntaa_tf.report.style import STYLE
from ntaa_tf.storage.files import write_atomically


def write_document(path: Path, title: str, body: str) -> None:
    """Write a page as one HTML file; the body is HTML."""
    page = (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>{html.escape(title)}</title>\n<style>{STYLE}</style>\n"
        f"</head>\n<body>\n{body}\n</body>\n</html>\n"
    )
    with write_atomically(path) as unfinished:
        unfinished.write_text(page, "utf-8")


def write_section(title: str, content: str) -> str:
    """Write a section; the content is HTML."""
    return f"<section><h2>{title}</h2>{content}</section>"


def write_pairs(title: str, pairs: Mapping[str, Any]) -> str:
    """Write a table of names and values, nothing if there are none."""
    if not pairs:
        return ""
    rows = [write_row((name, value)) for name, value in pairs.items()]
    return (
        f'<table class="pairs"><caption>{title}</caption>'
        f"<tbody>{''.join(rows)}</tbody></table>"
    )


def write_row(cells: Iterable[Any], scope: str = "row") -> str:
    """Write a table row: all are headings in a header, else the first."""
    first, *others = (html.escape(str(cell)) for cell in cells)
    tag = "th" if scope == "col" else "td"
    return f'<tr><th scope="{scope}">{first}</th>' + (
        "".join(f"<{tag}>{cell}</{tag}>" for cell in others) + "</tr>"
    )
