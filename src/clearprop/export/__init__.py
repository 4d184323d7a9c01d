"""Exports: a network in the form that another program reads: ONNX, C, PyTorch, scikit-learn."""
