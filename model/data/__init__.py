"""The digits that the networks are trained on: MNIST and synthetic ones."""
