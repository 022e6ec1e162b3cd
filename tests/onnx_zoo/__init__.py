"""Forty typical networks from PyTorch and Keras, exported as ONNX files by several exporters, for the tests."""
