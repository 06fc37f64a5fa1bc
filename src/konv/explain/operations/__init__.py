"""One rule for each operation: what is said about it, and the code that computes it.

A new operation gets its rule in the module of its family: a function that yields statements, whose keys are in
languages/messages.toml, and a function that writes its lines of NumPy and PyTorch. Without a rule its name and its parameters
are said, and there is no code for it.
"""

from collections.abc import Mapping

from konv.explain.facts.model_facts import StepFacts
from konv.explain.facts.statements import Statement, equation
from konv.explain.operations import array_rules, dense_rules, image_rules, pointwise_rules, window_rules
from konv.explain.operations.base import Rule, Statements, times
from konv.ir.ops import Op


def _say_name(step: StepFacts, op: Op) -> Statements:
    """What can be said about any operation."""
    yield Statement("operation", {"op": type(op).__name__})
    if step.weights:
        yield equation("parameters", " + ".join(times(weight.shape) for weight in step.weights), step.parameters)


RULES: Mapping[type[Op], Rule] = {
    **window_rules.RULES, **dense_rules.RULES, **pointwise_rules.RULES, **array_rules.RULES, **image_rules.RULES}
UNKNOWN = Rule(_say_name)


def rule_for(op: Op) -> Rule:
    """The rule of an operation; of one that has none, the one that says its name."""
    return RULES.get(type(op), UNKNOWN)


def statements(step: StepFacts) -> tuple[Statement, ...]:
    """What is to say about one operation, in reading order."""
    return tuple(rule_for(step.op).says(step, step.op))
