"""Typical PyTorch networks of a first course, and how each is exported."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from torch import Tensor, nn

from tests.onnx_zoo.training import Recipe


@dataclass(frozen=True)
class Export:
    """One network.

    Attributes:
        make: Builds it.
        recipe: How it is trained.
        exporter: ``script`` (TorchScript), ``dynamo``, or ``documented``: the line of docs/own-network.md.
        opset: The version of ONNX's operators; None: the exporter's own choice.
        options: For ``torch.onnx.export``.
        metadata: Written into the file.
    """

    make: Callable[[], nn.Module]
    recipe: Recipe = field(default_factory=Recipe)
    exporter: str = "script"
    opset: int | None = 17
    options: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)


def conv(channels: int, filters: int, kernel: Any = 3, **options: Any) -> nn.Conv2d:
    return nn.Conv2d(channels, filters, kernel, **options)


def head(inputs: int, classes: int = 10) -> nn.Sequential:
    return nn.Sequential(nn.Flatten(), nn.Linear(inputs, classes))


def small(activation: Callable[[], nn.Module]) -> nn.Sequential:
    """Two convolutions with this activation function."""
    return nn.Sequential(
        conv(1, 6, 5), activation(), nn.MaxPool2d(2), conv(6, 12, 3), activation(), nn.MaxPool2d(2), head(300)
    )


class Basic(nn.Module):
    """PyTorch's own example: dropout, a view, log-softmax."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2 = conv(1, 6, 5), conv(6, 12, 5)
        self.drop, self.fc1, self.fc2 = nn.Dropout2d(), nn.Linear(192, 32), nn.Linear(32, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(F.max_pool2d(self.conv1(x), 2))
        x = F.relu(F.max_pool2d(self.drop(self.conv2(x)), 2)).view(-1, 192)
        return F.log_softmax(self.fc2(F.dropout(F.relu(self.fc1(x)), training=self.training)), dim=1)


class ViewOfBatch(nn.Module):
    """Reshapes by the size of the batch."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.fc = conv(1, 6), nn.Linear(6 * 169, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = F.max_pool2d(F.relu(self.conv(x)), 2)
        return self.fc(x.view(x.size(0), -1))


class ManyLayers(nn.Module):
    """Normalizes its input itself, and averages over positions."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2 = conv(1, 8, padding=1), conv(8, 16, padding=1)
        self.bn1, self.bn2, self.fc = nn.BatchNorm2d(8), nn.BatchNorm2d(16), nn.Linear(16, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = (x - 0.1307) / 0.3081
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 2)
        x = F.relu(self.bn2(self.conv2(x)))
        return self.fc(x.mean(dim=(2, 3)))


class Padded(nn.Module):
    """Pads with `F.pad`, unevenly, and steps by rectangles."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2 = conv(1, 6, (5, 3), stride=(2, 1)), conv(6, 12, (1, 5), stride=(1, 3))
        self.fc = nn.Linear(12 * 13 * 9, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.conv1(F.pad(x, (1, 2, 0, 1))))
        x = F.relu(self.conv2(F.pad(x, (1, 1))))
        return self.fc(x.flatten(1))


class Residual(nn.Module):
    """A residual addition: a branch."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2, self.fc = conv(1, 6, padding=1), conv(6, 6, padding=1), nn.Linear(6, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.conv1(x))
        x = F.relu(x + self.conv2(x))
        return self.fc(x.mean(dim=(2, 3)))


class Inception(nn.Module):
    """Two convolutions side by side: a concatenation."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.small, self.large = conv(1, 4, padding=1), conv(4, 4, 1), conv(4, 4, padding=1)
        self.fc = nn.Linear(8, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.conv1(x))
        return self.fc(F.relu(torch.cat([self.small(x), self.large(x)], dim=1)).mean(dim=(2, 3)))


def lenet() -> nn.Sequential:
    return nn.Sequential(
        conv(1, 6, 5),
        nn.Tanh(),
        nn.AvgPool2d(2),
        conv(6, 16, 5),
        nn.Tanh(),
        nn.AvgPool2d(2),
        conv(16, 32, 5),
        nn.Tanh(),
        nn.Flatten(),
        nn.Linear(32, 10),
        nn.Softmax(dim=1),
    )


def mobile(channels: int = 1, classes: int = 10) -> nn.Sequential:
    """Depthwise and pointwise convolutions with batch normalization and ReLU6."""

    def separable(inputs: int, filters: int, stride: int) -> list[nn.Module]:
        return [
            conv(inputs, inputs, padding=1, stride=stride, groups=inputs, bias=False),
            nn.BatchNorm2d(inputs, eps=1e-3),
            nn.ReLU6(),
            conv(inputs, filters, 1, bias=False),
            nn.BatchNorm2d(filters, eps=1e-3),
            nn.ReLU6(),
        ]

    return nn.Sequential(
        conv(channels, 8, padding=1, stride=2, bias=False),
        nn.BatchNorm2d(8, eps=1e-3),
        nn.ReLU6(),
        *separable(8, 16, 1),
        *separable(16, 24, 2),
        nn.AdaptiveAvgPool2d(1),
        head(24, classes),
    )


def mlp(*, normalized: bool = False) -> nn.Sequential:
    middle = [nn.BatchNorm1d(24)] if normalized else []
    first = [nn.Flatten(), nn.BatchNorm1d(784)] if normalized else []
    return nn.Sequential(*first, nn.Linear(784, 24), *middle, nn.ReLU(), nn.Dropout(0.1), nn.Linear(24, 10))


def pooled(pool1: nn.Module, pool2: nn.Module, inputs: int) -> nn.Sequential:
    return nn.Sequential(conv(1, 6, padding=1), nn.ReLU(), pool1, conv(6, 12), nn.ReLU(), pool2, head(inputs))


DYNAMIC = {"dynamic_axes": {"input": {0: "batch"}}}
LETTERS = ",".join("abcdefghijklmnopqrstuvwxyz")

NETWORKS: dict[str, Export] = {
    "name": Export(Basic, Recipe("normalized", epochs=1), "documented", None),
    "pytorch-example-script": Export(Basic, Recipe("normalized"), opset=9),
    "view-of-batch": Export(ViewOfBatch, opset=13, options=DYNAMIC),
    "view-of-batch-dynamo": Export(ViewOfBatch, Recipe("signed"), "dynamo", 18, {"external_data": False}),
    "lenet": Export(lenet, Recipe("plain", (1, 32, 32), 32, epochs=1), opset=12),
    "mlp": Export(mlp, Recipe(shape=(784,)), opset=11, options=DYNAMIC),
    "mlp-batchnorm": Export(lambda: mlp(normalized=True), opset=14),
    "mlp-dynamo": Export(
        lambda: nn.Sequential(nn.Flatten(), mlp()), Recipe("normalized"), "dynamo", 21, {"external_data": False}
    ),
    "batchnorm": Export(
        lambda: nn.Sequential(
            conv(1, 8, 5),
            nn.BatchNorm2d(8),
            nn.ReLU(),
            nn.MaxPool2d(2),
            conv(8, 12),
            nn.BatchNorm2d(12),
            nn.ReLU(),
            nn.MaxPool2d(2),
            head(300),
        ),
        Recipe("normalized"),
        options={"do_constant_folding": False, "training": torch.onnx.TrainingMode.PRESERVE},
    ),
    "batchnorm-after-relu": Export(
        lambda: nn.Sequential(
            nn.BatchNorm2d(1),
            conv(1, 8, 5, padding=2),
            nn.ReLU(),
            nn.BatchNorm2d(8),
            nn.MaxPool2d(4),
            conv(8, 12),
            nn.ReLU(),
            nn.BatchNorm2d(12),
            head(300),
        ),
        Recipe("bytes"),
        "dynamo",
        20,
        {"external_data": False},
    ),
    "mobile": Export(mobile, Recipe("normalized", epochs=2), "dynamo", None),
    "mobile-script": Export(mobile, Recipe("inverted", epochs=2), opset=13),
    "mobile-colors": Export(lambda: mobile(3), Recipe("signed", (3, 32, 32), 32, epochs=2), opset=16, options=DYNAMIC),
    "letters": Export(
        lambda: mobile(classes=26), Recipe("signed", classes=26, epochs=2), opset=15, metadata={"classes": LETTERS}
    ),
    "own-normalization": Export(ManyLayers, exporter="dynamo", opset=18, options={"external_data": False}),
    "gelu": Export(lambda: small(nn.GELU), opset=14),
    "gelu-dynamo": Export(
        lambda: small(lambda: nn.GELU(approximate="tanh")),
        exporter="dynamo",
        opset=20,
        options={"external_data": False},
    ),
    "silu-and-mish": Export(
        lambda: nn.Sequential(conv(1, 6, 5, stride=2), nn.SiLU(), conv(6, 12, stride=2), nn.Mish(), head(300)), opset=18
    ),
    "hardswish": Export(lambda: small(nn.Hardswish), Recipe("normalized"), opset=12),
    "leaky-and-elu": Export(
        lambda: nn.Sequential(
            conv(1, 6, 5, stride=2), nn.LeakyReLU(0.1), conv(6, 12, stride=2), nn.ELU(), head(300), nn.PReLU()
        ),
        opset=10,
    ),
    "dilated-groups": Export(
        lambda: nn.Sequential(
            conv(1, 8, 3, dilation=2),
            nn.ReLU(),
            nn.MaxPool2d(2),
            conv(8, 16, 3, groups=2, dilation=(1, 2)),
            nn.ReLU(),
            nn.AdaptiveMaxPool2d(1),
            head(16),
        ),
        Recipe(epochs=5),
    ),
    "rectangles": Export(Padded, exporter="dynamo", opset=19, options={"external_data": False}),
    "pools-that-overlap": Export(
        lambda: pooled(nn.MaxPool2d(3, 2, 1), nn.AvgPool2d(3, 2, 1), 432), Recipe("normalized"), opset=11
    ),
    "pools-that-round-up": Export(
        lambda: pooled(nn.MaxPool2d(3, 3, ceil_mode=True), nn.AvgPool2d(2, 3, ceil_mode=True), 108),
        exporter="dynamo",
        opset=18,
        options={"external_data": False},
    ),
    "residual": Export(Residual),
    "inception": Export(Inception, exporter="dynamo", opset=18, options={"external_data": False}),
}
"""Name → network. The last two have branches."""
