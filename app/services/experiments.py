"""The experiments on a digit, for one network after the other, and the measurements that were made beforehand."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from app.errors import DigitUnlabeled, InvalidInput, NotMeasured
from app.services.framing import NetworkInput
from app.services.network_catalog import ServedNetwork
from app.services.sample_catalog import SampleCatalog
from model.arrays import Float32
from model.artifact import EXPERIMENTS_FOLDER, PORTRAITS_FILE, SCRAMBLE_FILE, SHIFT_CURVE_FILE
from model.errors import ArtifactError, ShapeError
from model.experiments.ledger import LedgerRow, ledger
from model.experiments.poke import LayerChange, Poke, poke
from model.experiments.portraits import LayerPortraits, load_portraits
from model.experiments.shift import LayerShift, Shift, ink_lost, move, shift
from model.preprocessing import FRAME_SIZE

Direction = Literal["right", "down"]

INPUT_SHAPE = (1, FRAME_SIZE, FRAME_SIZE)


@dataclass(frozen=True)
class Reading:
    """What a network reads a digit as."""

    digit: int
    probability: float


@dataclass(frozen=True)
class PokedPixel:
    """Which pixel was changed, and from what into what."""

    row: int
    column: int
    before: float
    after: float


@dataclass(frozen=True)
class NetworkPoke:
    """What one changed pixel did to one network; a reading is None where there is no ink."""

    id: str
    before: Reading | None
    after: Reading | None
    layers: list[LayerChange]


@dataclass(frozen=True)
class NetworkShift:
    """How one network took a shift; a reading is None where there is no ink."""

    id: str
    before: Reading | None
    after: Reading | None
    layers: list[LayerShift]


@dataclass(frozen=True)
class NetworkCurve:
    """How one network took a row of shifts.

    Attributes:
        id: The network.
        digit: What it reads at each shift.
        probability: Of the right class, at each shift.
        layers: Each layer's residual and cosine, at each shift.
    """

    id: str
    digit: list[int]
    probability: list[float]
    layers: list[dict[str, Any]]


@dataclass(frozen=True)
class Responses:
    """How strongly a layer answers a digit.

    Attributes:
        model: The network.
        layer: The layer.
        pre_activations: (F, H, W) float32.
        activations: (F, H, W) float32, after its ReLU.
    """

    model: str
    layer: str
    pre_activations: Float32
    activations: Float32

    @property
    def strongest(self) -> Float32:
        """(F,) the largest activation of each map."""
        return self.activations.max(axis=(1, 2))

    @property
    def order(self) -> NDArray[np.int64]:
        """(F,) the filters, the strongest first; of equal activations, the one that came nearer to firing."""
        return np.lexsort((-self.pre_activations.max(axis=(1, 2)), -self.strongest))

    @property
    def places(self) -> NDArray[np.int64]:
        """(F, 2) row and column of the largest activation of each map."""
        flat = self.activations.reshape(len(self.activations), -1).argmax(axis=1)
        return np.stack(np.unravel_index(flat, self.activations.shape[1:]), axis=1)

    @property
    def active_share(self) -> NDArray[np.float64]:
        """(F,) how much of each map fires, 0–1."""
        return np.mean(self.activations > 0, axis=(1, 2))


def ledger_rows(**geometry: int) -> list[LedgerRow]:
    """What it costs to connect a digit in each way: see `ledger`.

    Raises:
        InvalidInput: There is no layer of this geometry.
    """
    try:
        return ledger(INPUT_SHAPE, **geometry)
    except ShapeError as error:
        raise InvalidInput(f"No such layer: {error}. Choose a smaller kernel or more padding.") from None


def poke_pixel(
    networks: Iterable[ServedNetwork], digit: NetworkInput, row: int, column: int, value: float | None
) -> tuple[PokedPixel, list[NetworkPoke]]:
    """Change one pixel, to the other end of the scale if no value is given.

    Raises:
        InvalidInput: There is no such pixel.
    """
    height, width = digit.pixels.shape
    if row >= height or column >= width:
        raise InvalidInput(
            f"There is no pixel at row {row}, column {column}: these models read {height}×{width}, both counted from 0."
        )
    before = float(digit.pixels[row, column])
    after = float(np.float32(value)) if value is not None else float(before < 0.5)
    poked = digit.pixels.copy()
    poked[row, column] = after
    results = []
    for served in networks:
        result: Poke = poke(served.artifact.network, digit.pixels, row, column, after)
        results.append(
            NetworkPoke(
                served.name,
                reading_of(digit.pixels, result.before),
                reading_of(poked, result.after),
                result.layers,
            )
        )
    return PokedPixel(row, column, before, after), results


def shift_digit(
    networks: Iterable[ServedNetwork], digit: NetworkInput, down: int, right: int
) -> tuple[Float32, float, list[NetworkShift]]:
    """Move a framed digit by whole pixels; gives the moved digit and the share of its ink that is lost, too."""
    moved = move(digit.pixels, down, right)
    results = []
    for served in networks:
        still, after = shift(served.artifact.network, digit.pixels, [(0, 0), (down, right)])
        results.append(
            NetworkShift(
                served.name,
                reading_of(digit.pixels, still.probabilities),
                reading_of(moved, after.probabilities),
                after.layers,
            )
        )
    return moved, ink_lost(digit.pixels, moved), results


def shifts_along(direction: Direction, reach: int) -> list[tuple[int, int]]:
    """(down, right) for every shift by up to ``reach`` pixels either way."""
    down, right = {"right": (0, 1), "down": (1, 0)}[direction]
    return [(down * by, right * by) for by in range(-reach, reach + 1)]


def shift_curve(
    networks: Iterable[ServedNetwork], digit: NetworkInput, shifts: list[tuple[int, int]], label: int
) -> tuple[list[float], list[NetworkCurve]]:
    """The share of ink lost at each shift, and how each network took it."""
    lost = [ink_lost(digit.pixels, move(digit.pixels, *by)) for by in shifts]
    return lost, [_curve(served, shift(served.artifact.network, digit.pixels, shifts), label) for served in networks]


def side_of(networks: Sequence[ServedNetwork]) -> int:
    """Extent of the input of networks that are compared.

    Raises:
        InvalidInput: They read inputs of different extents.
    """
    sides = {served.name: served.side for served in networks}
    if len(set(sides.values())) > 1:
        told = ", ".join(f"{name} {side}×{side}" for name, side in sides.items())
        raise InvalidInput(f"One digit is shown to all models, and these read different inputs: {told}. Ask for fewer.")
    return networks[0].side


def choose_label(
    given: int | None,
    sample: int | None,
    samples: SampleCatalog,
    digit: NetworkInput,
    networks: Sequence[ServedNetwork],
    reader: ServedNetwork,
) -> tuple[int, Literal["body", "sample", "prediction"]]:
    """The class that counts as right, and who says so: the client, else the test digit's label, else a network.

    That is the reader, or, if the digit is framed for networks of another input, the first of those.

    Raises:
        DigitUnlabeled: Nobody says, and there is no ink to read.
        InvalidInput: One of the networks has no such class.
    """
    if given is not None:
        return require_class(given, networks), "body"
    if sample is not None:
        return require_class(samples[sample].label, networks), "sample"
    if not digit.pixels.any():
        raise DigitUnlabeled("The digit is blank, so that no class is the right one: give a label, 0 to 9.")
    asked = reader if reader.side == len(digit.pixels) else networks[0]
    return require_class(int(asked.trace(digit.pixels).logits[0].argmax()), networks), "prediction"


def require_class(label: int, networks: Iterable[ServedNetwork]) -> int:
    """The label; raises InvalidInput if one of the networks has no such class."""
    for served in networks:
        if not 0 <= label < served.classes:
            raise InvalidInput(f"Model {served.name} has no class {label}; its classes are 0 to {served.classes - 1}.")
    return label


def responses_of(served: ServedNetwork, digit: NetworkInput, layer: str) -> Responses:
    """What a layer with weights and the ReLU behind it make of a digit."""
    served.require_layer(layer)
    outputs = served.trace(digit.pixels).outputs
    names = list(served.layers)
    rectified = names[names.index(layer) + 1]
    before, after = (np.array(outputs[name][0], order="C") for name in (layer, rectified))
    return Responses(served.name, layer, before, after)


class ExperimentRecords:
    """What was measured beforehand, as it is committed."""

    def __init__(
        self,
        records: Mapping[str, dict[str, Any]],
        portraits: tuple[str, Mapping[str, LayerPortraits]] | None = None,
    ) -> None:
        """Keep them; portraits with the model that they are of."""
        self._records = records
        self._portraits = portraits

    @classmethod
    def load(cls, artifacts: Path) -> "ExperimentRecords":
        """Read whatever there is.

        Raises:
            ArtifactError: A record is damaged.
        """
        records = {}
        for name in (SCRAMBLE_FILE, SHIFT_CURVE_FILE):
            path = artifacts / EXPERIMENTS_FOLDER / name
            if path.exists():
                try:
                    records[name] = json.loads(path.read_text(encoding="utf-8"))
                except ValueError as error:
                    raise ArtifactError(f"{path} is no JSON: {error}") from None
        path = artifacts / EXPERIMENTS_FOLDER / PORTRAITS_FILE
        return cls(records, load_portraits(path) if path.exists() else None)

    @property
    def scramble(self) -> dict[str, Any]:
        """Networks trained on scrambled digits; raises NotMeasured."""
        return self._get(SCRAMBLE_FILE, "scramble")

    @property
    def shift_curve(self) -> dict[str, Any]:
        """Many moved test digits; raises NotMeasured."""
        return self._get(SHIFT_CURVE_FILE, "shift-curve")

    @property
    def portrayed(self) -> str | None:
        """The model whose filters were measured, if any was."""
        return None if self._portraits is None else self._portraits[0]

    def portraits(self, model: str) -> Mapping[str, LayerPortraits]:
        """What the filters of a model look for, by layer; raises NotMeasured."""
        if self._portraits is None:
            raise _not_measured(PORTRAITS_FILE, "filter-portraits")
        owner, portraits = self._portraits
        if owner != model:
            raise NotMeasured(f"The filters of model {model} were not measured; those of {owner} were.")
        return portraits

    def _get(self, name: str, control: str) -> dict[str, Any]:
        if name not in self._records:
            raise _not_measured(name, control)
        return self._records[name]


def _not_measured(name: str, control: str) -> NotMeasured:
    return NotMeasured(
        f"This server's artifacts have no {EXPERIMENTS_FOLDER}/{name}; "
        f"`python -m model.controls {control}` measures it."
    )


def _curve(served: ServedNetwork, results: Sequence[Shift], label: int) -> NetworkCurve:
    return NetworkCurve(
        id=served.name,
        digit=[int(result.probabilities.argmax()) for result in results],
        probability=[float(result.probabilities[label]) for result in results],
        layers=[
            {
                "name": layer.name,
                "residual": [result.layers[place].residual for result in results],
                "cosine": [result.layers[place].cosine for result in results],
            }
            for place, layer in enumerate(results[0].layers)
        ],
    )


def reading_of(pixels: Float32, probabilities: NDArray[np.floating]) -> Reading | None:
    """The most probable class; None if there is no ink to judge."""
    if not pixels.any():
        return None
    return Reading(int(probabilities.argmax()), float(probabilities.max()))
