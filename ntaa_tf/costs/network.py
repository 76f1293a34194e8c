"""A supernet as plain data, and what it costs, by what is chosen."""

from collections.abc import Mapping
from dataclasses import dataclass

from ntaa_tf.costs.depth_steps import list_steps
from ntaa_tf.costs.depth_steps import measure_depths
from ntaa_tf.costs.nodes import FIXED
from ntaa_tf.costs.nodes import Alternative
from ntaa_tf.costs.nodes import Node

COSTS = ("macs", "parameters", "depth", "latency_ms", "weight_free")


@dataclass(frozen=True)
class CostNetwork:
    """The calls of a supernet, inputs first.

    Args:
        nodes: the calls.
        outputs: indices of those that are outputs of the model.
        latency_ms: of what no choice decides.
        has_fixed_depths: whether no choice decides which layers are those of
            gates, which do not count into the depth.
    """

    nodes: tuple[Node, ...]
    outputs: tuple[int, ...]
    latency_ms: float
    has_fixed_depths: bool

    def evaluate(self, options: Mapping[str, str]) -> dict[str, float]:
        """Give each cost of what the supernet collapses into.

        Args:
            options: the option of each choice, by its name.
        """
        taken = [
            node.alternatives[options.get(node.choice, FIXED)]
            for node in self.nodes
        ]
        used = self._find_used(taken)
        steps, of_calls = list_steps(self.nodes)
        depths = measure_depths(steps, options)
        parameters = {
            self.nodes[index].layer: taken[index].cost.parameters
            for index in used
        }
        return {
            "macs": sum(taken[index].cost.macs for index in used),
            "parameters": sum(parameters.values()),
            "depth": max(depths[of_calls[call]] for call in self.outputs),
            "latency_ms": self.latency_ms
            + sum(taken[index].latency_ms for index in sorted(used)),
            "weight_free": sum(taken[index].weight_free for index in used),
        }

    @property
    def source(self) -> dict[str, str]:
        """The source's own option of each choice."""
        return {
            node.choice: next(iter(node.alternatives)) for node in self.nodes
        }

    def share_macs(self) -> dict[str, list[float]]:
        """Give the MACs of each option as a share of all the source's.

        Returns:
            For each choice, by its name, a share for each option.
        """
        total = self.evaluate(self.source)["macs"]
        shares: dict[str, list[float]] = {}
        for node in self.nodes:
            if node.choice != FIXED:
                before = shares.get(node.choice, [0.0] * len(node.alternatives))
                shares[node.choice] = [
                    share + alternative.cost.macs / total
                    for share, alternative in zip(
                        before, node.alternatives.values(), strict=True
                    )
                ]
        return shares

    def find_always_used(self) -> set[int]:
        """Find calls that the outputs depend on whatever is chosen."""
        used = set(self.outputs)
        for index in reversed(range(len(self.nodes))):
            if index in used:
                readings = [
                    set(alternative.parents)
                    for alternative in self.nodes[index].alternatives.values()
                ]
                used |= set.intersection(*readings)
        return used

    def _find_used(self, taken: list[Alternative]) -> set[int]:
        """Find the calls that the outputs depend on."""
        used = set(self.outputs)
        for index in reversed(range(len(taken))):
            if index in used:
                used.update(taken[index].parents)
        return used
