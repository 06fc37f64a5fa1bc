"""WHERE does it run? `Runner` runs one graph with one set of weights, whatever the batch size."""

from konv.runtime.runner import Runner, compute

__all__ = ["Runner", "compute"]
