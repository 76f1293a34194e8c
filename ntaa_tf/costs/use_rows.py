"""Rows of an integer program for the options that an architecture uses."""

import collections

from ntaa_tf.costs.integer_program import ONE
from ntaa_tf.costs.integer_program import IntegerProgram
from ntaa_tf.costs.integer_program import add_up
from ntaa_tf.costs.network import CostNetwork
from ntaa_tf.costs.nodes import FIXED
from ntaa_tf.costs.nodes import Node

# Maps an option to the index of its variable.
Variables = dict[str, int]


class UseRows:
    """Variables for options that are taken, and for calls that are used.

    An architecture takes one option of every choice. But a mixed input may
    skip a call, which is then pruned and costs nothing. So there are two sets
    of binary variables:

        t[c, o] = 1 if choice c takes option o, with Σ_o t[c, o] = 1;
        u[k, o] = 1 if call k, of choice c, is used and takes option o.

    They are tied by

        u[k, o] ≤ t[c, o],
        Σ_o u[p, o] ≥ Σ_{o reads p} u[k, o]   for each parent p of call k.

    The right-hand side is at most 1, since Σ_o u[k, o] ≤ Σ_o t[c, o]. It is 1
    if call k is used with an option that reads p: then p is used as well, and
    by the first row with the option it takes.

    These rows only bound u from below. This is enough, as all costs are sums
    of u with coefficients ≥ 0: for fixed t, the least u is the true use. If
    it breaks an upper limit, so does every larger u.

    Args:
        program: an empty program.
        network: the supernet.

    Attributes:
        taken: for each choice, the variable t of each option.
        used: for each call, the variable u of each option.
    """

    def __init__(self, program: IntegerProgram, network: CostNetwork):
        self._program = program
        self._nodes = network.nodes
        # A fixed call has one option, always taken: its t is the constant 1.
        self.taken: dict[str, Variables] = {FIXED: {FIXED: ONE}}
        for node in network.nodes:
            if node.choice not in self.taken:
                self._add_choice(node)
        # A call that every architecture uses needs no u: there u = t. Without
        # mixed inputs this is every call.
        always = network.find_always_used()
        self.used = [
            self.taken[node.choice] if index in always else self._add_use(node)
            for index, node in enumerate(network.nodes)
        ]
        for node, used in zip(network.nodes, self.used, strict=True):
            self._require_parents(node, used)

    def merge_calls(self) -> list[tuple[Node, Variables]]:
        """Pair each layer with variables for its use by any of its calls.

        A shared layer has its parameters once, however often it is called.
        """
        calls = collections.defaultdict(list)
        for node, used in zip(self._nodes, self.used, strict=True):
            calls[node.layer].append((node, used))
        return [
            uses[0] if len(uses) == 1 else self._merge(uses)
            for uses in calls.values()
        ]

    def _add_choice(self, node: Node) -> None:
        """Add the variables t of a choice, with Σ_o t[c, o] = 1."""
        variables = self._add_variables(node)
        self.taken[node.choice] = variables
        self._program.add_row(dict.fromkeys(variables.values(), 1), 1, 1)

    def _add_use(self, node: Node) -> Variables:
        """Add the variables u of a call, with t[c, o] − u[k, o] ≥ 0."""
        variables = self._add_variables(node)
        for option, variable in variables.items():
            taken = self.taken[node.choice][option]
            self._program.add_row({taken: 1, variable: -1}, lower=0)
        return variables

    def _require_parents(self, node: Node, used: Variables) -> None:
        """Add Σ_o u[p, o] − Σ_{o reads p} u[k, o] ≥ 0 for each parent p."""
        for parent in node.parents:
            row = [(variable, 1) for variable in self.used[parent].values()]
            row += [
                (used[option], -1)
                for option, alternative in node.alternatives.items()
                if parent in alternative.parents
            ]
            # Fixed calls share the variable ONE, hence `add_up`.
            self._program.add_row(add_up(row), lower=0)

    def _merge(
        self, calls: list[tuple[Node, Variables]]
    ) -> tuple[Node, Variables]:
        """Add m[o] ≥ u[k, o] for all calls k of a layer: m = maxₖ u[k]."""
        node = calls[0][0]
        merged = self._add_variables(node)
        for _, used in calls:
            for option, variable in merged.items():
                row = add_up([(variable, 1), (used[option], -1)])
                self._program.add_row(row, lower=0)
        return node, merged

    def _add_variables(self, node: Node) -> Variables:
        return {
            option: self._program.add_variable(1)
            for option in node.alternatives
        }
