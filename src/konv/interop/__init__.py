"""Models of other libraries: ONNX files both ways, modules of PyTorch in."""
