"""HTML pages from the templates in `templates/`, every text in them escaped."""

import functools
from pathlib import Path
from typing import Any

from jinja2 import Environment
from jinja2 import PackageLoader
from jinja2 import StrictUndefined

from ntaa_tf.storage.files import write_atomically


def write_html(path: Path, template: str, **values: Any) -> None:
    """Write a page as one HTML file.

    Args:
        path: the file to write.
        template: file name of the template.
        **values: the variables of the template. Text is escaped; pictures are
            `markupsafe.Markup`, which is not.
    """
    page = _open_templates().get_template(template).render(values)
    with write_atomically(path) as unfinished:
        unfinished.write_text(page, "utf-8")


@functools.cache
def _open_templates() -> Environment:
    return Environment(
        loader=PackageLoader("ntaa_tf.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
