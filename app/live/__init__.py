"""The live channel: a drawing that grows while its feature maps are computed."""
