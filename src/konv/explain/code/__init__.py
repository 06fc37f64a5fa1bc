"""Layers and models as the source that computes the same: NumPy, Keras, PyTorch."""
