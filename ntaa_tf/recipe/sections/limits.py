"""Limits on the costs of the derived model."""

from dataclasses import dataclass
from types import MappingProxyType

from ntaa_tf.recipe.choices import Section
from ntaa_tf.recipe.choices import choice
from ntaa_tf.recipe.conditions import SEARCHES_SITES
from ntaa_tf.recipe.limit import Limit
from ntaa_tf.recipe.limit import parse_limit

# The flag that limits each cost.
FLAGS = MappingProxyType(
    {
        "macs": "max_macs",
        "parameters": "max_params",
        "latency_ms": "max_latency_ms",
        "depth": "max_depth",
        "weight_free": "max_weight_free",
    }
)


@dataclass(frozen=True)
class Limits(Section):
    """The most that the derived model may cost."""

    title = "Limits"

    max_macs: str | None = choice(
        None,
        "Largest number of multiply-adds (MACs) for an image: a number, such "
        "as 3e8, or a share of the source model's, such as 0.5x.",
        "most multiply-adds, as 3e8 or 0.5x of the source's",
        parse=parse_limit,
        used_with=SEARCHES_SITES,
    )
    max_params: str | None = choice(
        None,
        "Largest number of parameters: a number, or a share of the source "
        "model's.",
        "most parameters, as 2e6 or 0.5x",
        parse=parse_limit,
        used_with=SEARCHES_SITES,
    )
    max_latency_ms: str | None = choice(
        None,
        "Longest latency in milliseconds for an image, predicted from "
        "measurements of each candidate on this machine: a number, or a share "
        "of the source model's.",
        "most milliseconds for an image, as 5 or 0.8x",
        parse=parse_limit,
        used_with=SEARCHES_SITES,
    )
    max_depth: str | None = choice(
        None,
        "Largest depth in layers: a number, or a share of the source model's.",
        parse=parse_limit,
        used_with=SEARCHES_SITES,
    )
    max_weight_free: str | None = choice(
        None,
        "Largest number of sites that become operations without weights, such "
        "as pooling or identity: a number, or a share of all sites.",
        parse=parse_limit,
        used_with=SEARCHES_SITES,
    )

    @property
    def by_cost(self) -> dict[str, Limit]:
        """The limits that are set, by the name of the cost."""
        return {
            cost: parse_limit(getattr(self, flag), flag)
            for cost, flag in FLAGS.items()
            if getattr(self, flag) is not None
        }
