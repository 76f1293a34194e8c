"""The findings of a comparison: tables and sentences, for any format."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ntaa_tf.compare.domains import ByTarget
from ntaa_tf.compare.domains import average
from ntaa_tf.compare.domains import list_targets
from ntaa_tf.compare.results import Table
from ntaa_tf.compare.results import compare
from ntaa_tf.compare.results import describe_runs
from ntaa_tf.compare.results import list_columns
from ntaa_tf.compare.results import list_comparisons
from ntaa_tf.compare.results import to_json
from ntaa_tf.compare.results import write_sentences

TESTS = (
    *("", "difference", "95 % by bootstrap", "effect size d"),
    *("p, paired t", "p after Holm", "p, Wilcoxon"),
)


@dataclass(frozen=True)
class Listing:
    """A table and its caption."""

    caption: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Findings:
    """The results of methods on one data set, or over several.

    Args:
        table: the results of each run.
        against: the contestant that the others are compared with.
        setting: a word that tells these findings from others, such as
            `single`.
        title: the setting in words.
        by_target: the results on each target, if `table` has their averages.
    """

    table: Table
    against: str
    setting: str = ""
    title: str = ""
    by_target: ByTarget | None = None

    @classmethod
    def over_targets(
        cls, by_target: ByTarget, against: str, setting: str, title: str
    ) -> "Findings":
        """Average the results over data sets, each the target once."""
        return cls(average(by_target), against, setting, title, by_target)

    @property
    def listings(self) -> list[Listing]:
        """The tables."""
        compared = compare(self.table, self.against)
        listed = [
            Listing(
                "Mean ± sample standard deviation",
                ("", "runs", *list_columns(self.table)),
                describe_runs(self.table),
            ),
            Listing(
                f"Difference in test error from {self.against}, seed by seed",
                TESTS,
                list_comparisons(compared),
            ),
        ]
        if self.by_target is not None:
            header, rows = list_targets(self.by_target)
            listed.append(Listing("Test errors by target, %", header, rows))
        return listed

    @property
    def sentences(self) -> list[str]:
        """The verdicts: which differences are significant."""
        return write_sentences(
            self.table, self.against, compare(self.table, self.against)
        )

    def to_json(self) -> dict[str, Any]:
        """Return the findings as JSON data."""
        compared = compare(self.table, self.against)
        return to_json(self.table, self.against, compared)
