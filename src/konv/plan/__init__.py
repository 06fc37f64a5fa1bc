"""HOW is the graph run? Pure functions: graph, mode and machine in, a frozen Plan out."""

from konv.plan.build import build_plan
from konv.plan.steps import Buffer, Plan, Segment, Step
from konv.plan.tiling import Machine

__all__ = ["Buffer", "Machine", "Plan", "Segment", "Step", "build_plan"]
