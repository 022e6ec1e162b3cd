"""The forward pass in double precision, each sum in the same order at every position.

Experiments compare activations exactly: whether one has changed, or whether two maps are equal except for a shift. The
fast paths are not exact to the last bit: a matrix product sums in another order at the edge of a block than inside it.
`Layer.forward_exactly` gives equal outputs for equal inputs.
"""

from collections.abc import Mapping

import numpy as np

from model.arrays import Float64, Images, require_images
from model.network import Network


def trace_exactly(network: Network, images: Images) -> Mapping[str, Float64]:
    """Every layer's feature maps.

    Args:
        network: The network.
        images: (N, C, H, W) float32.

    Returns:
        Layer name → (N, F, H, W) float64, in the order of the layers.

    Raises:
        ShapeError: The images are not what this network reads.
    """
    require_images(images, network.input_shape)
    x: Float64 = images.astype(np.float64)
    outputs: dict[str, Float64] = {}
    for name, layer in network.layers.items():
        x = layer.forward_exactly(x)
        outputs[name] = x
    return outputs
