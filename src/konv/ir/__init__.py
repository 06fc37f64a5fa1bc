"""WHAT is this operation? Shapes, paddings, weights and multiply-adds, as integers; computed here and nowhere else."""
