"""WHAT has the user written? Symbolic tensors, and the lowering of what they went through into a graph."""
