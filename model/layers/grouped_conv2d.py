"""Convolution in groups: each filter reads only the maps of its own group; with one map to a group, depthwise."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import ClassVar

import numpy as np
from numpy.lib.stride_tricks import as_strided

from model.arrays import Float32, Float64, Shape3
from model.errors import ShapeError
from model.geometry import Pair, Window, optional_pair_of, pair_of
from model.layers.base import Settings
from model.layers.change import Change, Shares, weighted_sum_shares
from model.layers.conv2d import Conv2d, Conv2dContext, between_holes
from model.layers.fast_path import Step, aligned, copying, pad
from model.layers.neuron_terms import NeuronTerms, WeightedSum, patch_of


@dataclass(frozen=True, eq=False)
class GroupedConv2d:
    """Convolutions side by side: group g has filters g·F/G, … and reads the maps g·C/G, ….

    Attributes:
        weight: (F, C/G, kH, kW) float32, the filters of the first group first.
        bias: (F,) float32.
        groups: G, at least 2; divides the number of filters and of input maps.
        stride: As of `Conv2d`.
        padding: As of `Conv2d`.
        padding_after: As of `Conv2d`.
        dilation: As of `Conv2d`.
    """

    kind: ClassVar[str] = "grouped_conv2d"
    operation: ClassVar[str] = "weighted_sum"

    weight: Float32
    bias: Float32
    groups: int
    stride: Pair = (1, 1)
    padding: Pair = (0, 0)
    padding_after: Pair | None = None
    dilation: Pair | None = None

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, Float32], settings: Settings) -> "GroupedConv2d":
        return cls(
            parameters["weight"],
            parameters["bias"],
            int(settings["groups"]),
            stride=pair_of(settings["stride"]),
            padding=pair_of(settings["padding"]),
            padding_after=optional_pair_of(settings.get("padding_after")),
            dilation=optional_pair_of(settings.get("dilation")),
        )

    @property
    def parameters(self) -> dict[str, Float32]:
        return {"weight": self.weight, "bias": self.bias}

    @property
    def window(self) -> Window:
        _, _, tall, wide = self.weight.shape
        return Window((tall, wide), self.stride, self.padding, self.padding_after)

    def output_shape(self, input_shape: Shape3) -> Shape3:
        channels, height, width = input_shape
        filters, kernel_channels, _, _ = self.weight.shape
        if self.bias.shape != (filters,) or filters % self.groups:
            raise ShapeError(f"{filters} filters with {self.bias.shape} biases do not make {self.groups} groups")
        if channels != kernel_channels * self.groups:
            raise ShapeError(
                f"kernels read {kernel_channels} channels in each of {self.groups} groups but the input has {channels}"
            )
        return (filters, *self.window.output_size(height, width))

    def multiply_adds(self, input_shape: Shape3) -> int:
        _, out_height, out_width = self.output_shape(input_shape)
        return between_holes(self.weight, self.dilation).size * out_height * out_width

    def forward(self, x: Float32) -> tuple[Float32, list[Conv2dContext]]:
        self.output_shape(x.shape[1:])
        outputs, contexts = zip(*[part.forward(x[:, reads]) for part, reads in self._parts], strict=True)
        return _side_by_side(list(outputs)), list(contexts)

    def backward(
        self, dy: Float32, context: list[Conv2dContext], needs_dx: bool = True
    ) -> tuple[Float32 | None, dict[str, Float32]]:
        slices = np.split(dy, self.groups, axis=1)
        results = [
            part.backward(slice_, of_part, needs_dx)
            for (part, _), slice_, of_part in zip(self._parts, slices, context, strict=True)
        ]
        gradients = {name: np.concatenate([of_part[name] for _, of_part in results]) for name in ("weight", "bias")}
        by_input = [dx for dx, _ in results if dx is not None]
        return _side_by_side(by_input) if needs_dx else None, gradients

    def multipliers(self, dy: Float32, x: Change, y: Change) -> Shares:
        shares = weighted_sum_shares(self, dy, x, map_axes=(2, 3))
        assert shares.links is not None, "a weighted sum has links"
        # (F, C/G) → (F, C): nothing comes through the maps of other groups.
        links = np.zeros((len(self.weight), x.before.shape[1]))
        per_group = len(self.weight) // self.groups
        for number, (_, reads) in enumerate(self._parts):
            filters = slice(number * per_group, (number + 1) * per_group)
            links[filters, reads] = shares.links[filters]
        return Shares(shares.multipliers, links)

    def forward_exactly(self, x: Float64) -> Float64:
        return np.concatenate([part.forward_exactly(x[:, reads]) for part, reads in self._parts], axis=1)

    def neuron_terms(self, source: Float32, filter_number: int, row: int, column: int) -> NeuronTerms:
        _, reads = self._parts[filter_number * self.groups // len(self.weight)]
        patch, span = patch_of(source[reads], self.window, row, column)
        terms = WeightedSum.of(patch, self.weight[filter_number], float(self.bias[filter_number]))
        return NeuronTerms(reads.start, patch, span, terms.total, weighted_sum=terms)

    def plan_steps(self, x: Float32, y: Float32) -> list[Step]:
        filters, channels, tall, wide = self.weight.shape
        (down, right), groups, per_group = self.stride, self.groups, filters // self.groups
        x, steps = pad(x, self.window)
        count, rows, columns, _ = y.shape
        # All groups in one product: (N, G, position, cell) @ (G, cell, F/G), cells ordered (row, column, channel).
        of_image, of_row, of_column, of_channel = x.strides
        out_of = as_strided(
            x,
            (count, groups, rows, columns, tall, wide, channels),
            (of_image, channels * of_channel, down * of_row, right * of_column, of_row, of_column, of_channel),
        )
        patches = aligned(out_of.shape)
        matrices = patches.reshape(count, groups, rows * columns, tall * wide * channels)
        kernels = np.ascontiguousarray(
            self.weight.reshape(groups, per_group, channels, tall, wide).transpose(0, 3, 4, 2, 1)
        ).reshape(groups, -1, per_group)
        sums = aligned((count, groups, rows * columns, per_group))
        by_group = y.reshape(count, rows * columns, groups, per_group).transpose(0, 2, 1, 3)
        biases = self.bias.reshape(groups, 1, per_group)
        return [
            *steps,
            copying(patches, out_of),
            partial(np.matmul, matrices, kernels, out=sums),
            partial(np.add, sums, biases, out=by_group),
        ]

    @cached_property
    def _parts(self) -> list[tuple[Conv2d, slice]]:
        """Each group's convolution, and the channels that it reads."""
        per_group, channels = len(self.weight) // self.groups, self.weight.shape[1]
        return [
            (
                Conv2d(
                    self.weight[number * per_group : (number + 1) * per_group],
                    self.bias[number * per_group : (number + 1) * per_group],
                    self.stride,
                    self.padding,
                    self.padding_after,
                    self.dilation,
                ),
                slice(number * channels, (number + 1) * channels),
            )
            for number in range(self.groups)
        ]


def _side_by_side(maps: list[Float32]) -> Float32:
    """(N, C, H, W) of every group → of all, in the memory order that the next layer reads."""
    rows = np.concatenate([each.transpose(2, 1, 3, 0) for each in maps], axis=1)
    return rows.transpose(3, 1, 0, 2)
