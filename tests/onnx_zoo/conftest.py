"""The networks need PyTorch and Keras, which tests do not."""

collect_ignore = ["pytorch_networks.py", "keras_networks.py"]
