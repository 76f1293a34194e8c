"""The sections of the page that show pictures, and what goes with them."""

import base64
import html
from collections.abc import Mapping
from collections.abc import Sequence

from ntaa_tf.architecture import Architecture
from ntaa_tf.report.architecture_drawing import make_figure
from ntaa_tf.report.confusion import draw_confusion
from ntaa_tf.report.confusion import list_confused
from ntaa_tf.report.curves import draw_curves
from ntaa_tf.report.heat_map import draw_probabilities
from ntaa_tf.report.ink import choose_colour
from ntaa_tf.report.ink import to_svg
from ntaa_tf.report.markup import write_row
from ntaa_tf.report.markup import write_section
from ntaa_tf.report.records import Confusion
from ntaa_tf.report.records import Probabilities
from ntaa_tf.report.table import MISSING


def show_curves(history: Mapping[str, Sequence[float]]) -> str:
    """Show the curves of the training, if any."""
    panels = draw_curves(history)
    if not panels:
        return ""
    return write_section(
        "Training", f'<div class="panels">{"".join(panels)}</div>'
    )


def show_probabilities(
    probabilities: Probabilities, architecture: Architecture
) -> str:
    """Show how probable the source's own operations were, if recorded."""
    panels = draw_probabilities(probabilities, architecture)
    if not panels:
        return ""
    text = (
        "A row for each site, a column for each epoch: how probable the "
        "source's own operation was (of cells, the one that was kept). What "
        "became of the site stands right."
    )
    return write_section(
        "Search",
        f'<p>{text}</p><div class="panels">{"".join(panels)}</div>',
    )


def show_confusions(confusions: Mapping[str, Confusion]) -> str:
    """Show what was taken for what on the test split."""
    shown = [
        _show_confusion(name, confusion)
        for name, confusion in confusions.items()
    ]
    if not shown:
        return ""
    text = (
        "A row for each class, by what its test images were taken for: the "
        "fuller the colour, the more; blue is right, orange wrong."
    )
    return write_section("Confusions", f"<p>{text}</p>{''.join(shown)}")


def _show_confusion(name: str, confusion: Confusion) -> str:
    """Show one attribute: a matrix unless it is too large, and a table."""
    classes, pairs = confusion["classes"], list_confused(confusion)
    rows = [
        write_row((classes[true], classes[taken], f"{count:,} of {total:,}"))
        for true, taken, count, total in pairs
    ]
    titles = write_row(("of class", "taken for", "images"), "col")
    matrix = draw_confusion(name, confusion)
    picture = f'<div class="scroll">{matrix}</div>' if matrix else ""
    table = (
        '<table class="pairs"><caption>Most often confused</caption>'
        f"<thead>{titles}</thead><tbody>{''.join(rows)}</tbody></table>"
    )
    return (
        f"<h3>{html.escape(name)}</h3>"
        f'<div class="columns">{picture}{table if pairs else ""}</div>'
    )


def show_answers(picture: bytes | None) -> str:
    """Show queries and what was found, if there is a picture of them."""
    if picture is None:
        return ""
    data = base64.b64encode(picture).decode("ascii")
    text = (
        "Queries, and the first answers to each from the left: green where "
        "they are of the query's identity, red where not."
    )
    return write_section(
        "Answers",
        f'<p>{text}</p><div class="scroll"><img alt="{text}" '
        f'src="data:image/png;base64,{data}"></div>',
    )


def show_architecture(
    architecture: Architecture, operations: Mapping[str, str]
) -> str:
    """Show the architecture as a picture and as a table, if it has sites."""
    if not architecture.sites:
        return ""
    figure = make_figure(architecture, operations)
    picture = to_svg(figure, "The choice of every site")
    rows = [
        f"<tr><td>{html.escape(name)}</td>"
        f"<td>{html.escape(operations.get(name, MISSING))}</td><td>"
        f'<span class="dot" style="background: '
        f'{choose_colour(choice.candidate)}"></span>'
        f"{html.escape(choice.candidate)}</td><td>{choice.reads}</td></tr>"
        for name, choice in architecture.sites.items()
    ]
    titles = ("site", "source", "adapted", "reads from sites back")
    return write_section(
        "Architecture",
        f'<div class="scroll picture">{picture}</div>'
        '<details><summary>As a table</summary><div class="scroll"><table>'
        f"<thead>{write_row(titles, 'col')}</thead>"
        f"<tbody>{''.join(rows)}</tbody></table></div></details>",
    )
