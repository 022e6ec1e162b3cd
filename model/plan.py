"""The fast path for a few images: every array of a forward pass is allocated once.

A layer's `forward` allocates what it returns and is fastest with many images. For one drawn digit the arithmetic takes
about 40 µs, and allocating, slicing and reshaping a hundred arrays several times as long. A plan creates all arrays and
views beforehand, so that a pass is a fixed list of array operations:

- Maps lie as (N, H, W, C) in memory, channels innermost, so that a patch is kH runs of kW·C neighboring values. They
  are copied into a matrix of patches by one strided copy, whose last column is 1 and multiplies the bias.
- An input with few channels has runs too short for that. There each kernel cell's values are copied as long rows
  instead: the same matrix, transposed, which is as fast to multiply.
- Each step is a `functools.partial` of an array operation, called without a Python function around it.
- Each image has its own matrix product. OpenBLAS multiplies matrices of up to about a million products without first
  packing them, and only larger networks than those here would gain from packing.
- Pooling combines whole rows first, as its `forward` does.

Each layer gives its own steps: `Layer.plan_steps`.

`Network.trace` gives the same values to float32 rounding, and the tests compare both with a slow implementation.
"""

from types import MappingProxyType

from model.arrays import Float32, Images, require_images
from model.errors import ShapeError
from model.layers.fast_path import Step, aligned
from model.network import ForwardTrace, Network


class InferencePlan:
    """One network, ready for a fixed number of images at a time.

    A plan owns the memory that it computes in. It may be used by one thread at a time, and its next use overwrites
    what it returned: copy what is to be kept.

    Attributes:
        network: The network; its weights are read when the plan is made.
        count: How many images each call takes.
    """

    def __init__(self, network: Network, count: int = 1) -> None:
        self.network = network
        self.count = count
        channels, height, width = network.input_shape
        self._input = aligned((count, height, width, channels))
        self._steps: list[Step] = []
        outputs: dict[str, Float32] = {}
        x = self._input
        for name, layer in network.layers.items():
            filters, out_height, out_width = network.output_shapes[name]
            y = aligned((count, out_height, out_width, filters))
            self._steps += layer.plan_steps(x, y)
            outputs[name] = y.transpose(0, 3, 1, 2)
            x = y
        self._trace = ForwardTrace(MappingProxyType(outputs))

    def trace(self, images: Images) -> ForwardTrace:
        """Every layer's feature maps; valid until the next call.

        Args:
            images: (count, C, H, W) float32.

        Raises:
            ShapeError: The images are not what this plan reads.
        """
        require_images(images, self.network.input_shape)
        if len(images) != self.count:
            raise ShapeError(f"this plan reads {self.count} images at a time, not {len(images)}")
        self._input[...] = images.transpose(0, 2, 3, 1)
        for step in self._steps:
            step()
        return self._trace
