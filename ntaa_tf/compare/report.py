"""Report of measurements, as Markdown and as JSON."""

import dataclasses
import os
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import tensorflow as tf
from matplotlib.figure import Figure

from ntaa_tf.assembly.run_directory import find_versions
from ntaa_tf.storage.files import write_atomically
from ntaa_tf.storage.files import write_json

MISSING = "-"


@dataclasses.dataclass(frozen=True)
class Report:
    """Results of a comparison or of a benchmark.

    Args:
        command: name of the measurement and of its files.
        results: results that JSON can hold.
        text: tables and their explanation, in Markdown.
        figure: optional drawing of the results.
        kind: first word of the title.
    """

    command: str
    results: Any
    text: str
    figure: Figure | None = None
    kind: str = "Benchmark"

    def to_markdown(self) -> str:
        """Return the title, the text and a description of the machine."""
        machine = (f"{key}: {value}" for key, value in describe_machine())
        return (
            f"# {self.kind}: {self.command}\n\n{self.text}\n\n"
            f"Measured on: {'; '.join(machine)}.\n"
        )

    def write(self, directory: Path) -> None:
        """Write `<command>.md`, `<command>.json` and the figure as a `.png`.

        Args:
            directory: directory of the files; it is created if necessary.
        """
        kept = {"machine": dict(describe_machine()), "results": self.results}
        write_json(directory / f"{self.command}.json", kept)
        text = self.to_markdown()
        if self.figure is not None:
            image = f"{self.command}.png"
            self.figure.savefig(directory / image, dpi=150)
            text += f"\n![{self.command}]({image})\n"
        with write_atomically(directory / f"{self.command}.md") as unfinished:
            unfinished.write_text(text, "utf-8")


def format_table(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Write a Markdown table, with three digits for floats and "-" for None.

    Example:
    >>> print(format_table(("step", "seconds"), [("source", 0.12345)]))
    | step | seconds |
    |---|---:|
    | source | 0.123 |
    """
    rule = "|".join(["---", *["---:"] * (len(header) - 1)])
    lines = [header, *([_format_cell(cell) for cell in row] for row in rows)]
    first, *others = [f"| {' | '.join(line)} |" for line in lines]
    return "\n".join([first, f"|{rule}|", *others])


def describe_machine() -> list[tuple[str, Any]]:
    """List the CPU, the memory, the threads and the library versions."""
    threading = tf.config.threading
    cores = len(os.sched_getaffinity(0))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return [
        ("cpu", _find_cpu()),
        ("cores", cores),
        ("memory_gib", round(memory / 2**30, 1)),
        ("gpus", len(tf.config.list_physical_devices("GPU"))),
        # TensorFlow returns 0 if it uses as many threads as cores.
        ("threads", threading.get_intra_op_parallelism_threads() or cores),
        ("python", platform.python_version()),
        *find_versions().items(),
    ]


def _find_cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()


def _format_cell(cell: Any) -> str:
    if cell is None:
        return MISSING
    if isinstance(cell, float):
        return f"{cell:,.0f}" if cell >= 100 else f"{cell:.3g}"
    return str(cell)
