"""What the architectures of a supernet use, as rows of a program."""

import collections

from ntaa_tf.costs.integer_program import ONE
from ntaa_tf.costs.integer_program import IntegerProgram
from ntaa_tf.costs.integer_program import add_up
from ntaa_tf.costs.network import CostNetwork
from ntaa_tf.costs.nodes import FIXED
from ntaa_tf.costs.nodes import Node

# The variable of each option.
Variables = dict[str, int]


class UseRows:
    """Adds to a program what is taken, and what of it is used.

    Every option of every choice is a binary variable: whether it is taken. A
    call that not every architecture uses has another for each option: whether
    it is taken and used. What is used makes what it reads used.

    Args:
        program: an empty program.
        network: the supernet.

    Attributes:
        taken: for each choice, the variable of each option being taken.
        used: for each call, the variable of each option being used there.
    """

    def __init__(self, program: IntegerProgram, network: CostNetwork):
        self._program = program
        self._nodes = network.nodes
        self.taken: dict[str, Variables] = {FIXED: {FIXED: ONE}}
        for node in network.nodes:
            if node.choice not in self.taken:
                self._add_choice(node)
        always = network.find_always_used()
        self.used = [
            self.taken[node.choice] if index in always else self._add_use(node)
            for index, node in enumerate(network.nodes)
        ]
        for node, used in zip(network.nodes, self.used, strict=True):
            self._pass_on(node, used)

    def merge_calls(self) -> list[tuple[Node, Variables]]:
        """Pair each layer with the variables of being used by any call."""
        calls = collections.defaultdict(list)
        for node, used in zip(self._nodes, self.used, strict=True):
            calls[node.layer].append((node, used))
        return [
            uses[0] if len(uses) == 1 else self._merge(uses)
            for uses in calls.values()
        ]

    def _add_choice(self, node: Node) -> None:
        """Add the variables of a choice; one of them is 1."""
        variables = self._add_variables(node)
        self.taken[node.choice] = variables
        self._program.add_row(dict.fromkeys(variables.values(), 1), 1, 1)

    def _add_use(self, node: Node) -> Variables:
        """Add the variables of a call; 0 where the option is not taken."""
        variables = self._add_variables(node)
        for option, variable in variables.items():
            taken = self.taken[node.choice][option]
            self._program.add_row({taken: 1, variable: -1}, lower=0)
        return variables

    def _pass_on(self, node: Node, used: Variables) -> None:
        """Make what a used call reads used."""
        for parent in node.parents:
            row = [(variable, 1) for variable in self.used[parent].values()]
            row += [
                (used[option], -1)
                for option, alternative in node.alternatives.items()
                if parent in alternative.parents
            ]
            self._program.add_row(add_up(row), lower=0)

    def _merge(
        self, calls: list[tuple[Node, Variables]]
    ) -> tuple[Node, Variables]:
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
