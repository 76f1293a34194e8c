"""A supernet as plain data, and the costs of its architectures."""

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
    """The calls of a supernet, with the costs of their options.

    Args:
        nodes: the calls, in the order of execution.
        outputs: indices of the calls that make the outputs of the model.
        latency_ms: latency of all fixed calls together.
        has_fixed_depths: whether the gates, whose layers don't count into the
            depth, are the same in every architecture.
    """

    nodes: tuple[Node, ...]
    outputs: tuple[int, ...]
    latency_ms: float
    has_fixed_depths: bool

    def evaluate(self, options: Mapping[str, str]) -> dict[str, float]:
        """Compute the costs of the collapsed model.

        Args:
            options: the option of each choice, by name.

        Returns:
            The costs, by the names in `COSTS`.
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
        """The options that make up the source model."""
        return {
            node.choice: next(iter(node.alternatives)) for node in self.nodes
        }

    def share_macs(self) -> dict[str, list[float]]:
        """Compute the MACs of each option, relative to the whole source.

        Returns:
            For each choice, by name, the share of each option.
        """
        total = self.evaluate(self.source)["macs"]
        shares: dict[str, list[float]] = {}
        for node in self.nodes:
            if node.choice != FIXED:
                # A shared layer costs MACs at each of its calls.
                before = shares.get(node.choice, [0.0] * len(node.alternatives))
                shares[node.choice] = [
                    share + alternative.cost.macs / total
                    for share, alternative in zip(
                        before, node.alternatives.values(), strict=True
                    )
                ]
        return shares

    def find_always_used(self) -> set[int]:
        """Find the calls that every architecture uses.

        These are the outputs, and, for each of these calls, the parents that
        all its options have in common.
        """
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
        """Find the calls that the outputs of an architecture depend on."""
        used = set(self.outputs)
        for index in reversed(range(len(taken))):
            if index in used:
                used.update(taken[index].parents)
        return used
