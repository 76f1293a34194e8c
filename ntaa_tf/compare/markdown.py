"""A comparison as Markdown."""

from collections.abc import Iterator
from collections.abc import Sequence

from ntaa_tf.compare.findings import Findings
from ntaa_tf.compare.report import format_table


def write_markdown(findings: Sequence[Findings], about: str = "") -> str:
    """Format findings as Markdown.

    Args:
        findings: at least one.
        about: introductory sentence, if any.
    """
    parts = [about] if about else []
    for found in findings:
        parts += _write_one(found)
    return "\n\n".join(parts)


def _write_one(found: Findings) -> Iterator[str]:
    if found.title:
        yield f"## {found.title}"
    for listing in found.listings:
        yield f"{listing.caption}:"
        yield format_table(listing.header, listing.rows)
    if found.sentences:
        yield "\n".join(f"- {sentence}" for sentence in found.sentences)
