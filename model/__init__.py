"""Neural networks in NumPy: layers, training, artifacts, experiments."""
