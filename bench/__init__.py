"""Benchmarks: the network against PyTorch and ONNX Runtime, and the service against itself. ``make bench``."""
