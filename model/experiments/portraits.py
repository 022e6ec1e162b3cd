"""What each filter looks for, as it is kept: measured by `model.controls`."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.arrays import Float32
from model.artifact import read_tensors, write_tensors
from model.errors import ArtifactError
from model.geometry import ReceptiveField

METADATA_KEY = "portraits"


@dataclass(frozen=True)
class LayerPortraits:
    """What the filters of one convolution look for.

    Attributes:
        layer: The convolution.
        field: What its neurons see of the input.
        samples: (F, 9) int, the test digits that excite a filter most, each digit once; -1 where it is never positive.
        places: (F, 9, 2) int, row and column of the neuron.
        values: (F, 9) float32, its pre-activation.
        mean_patches: (F, s, s) float32, mean of the patches that the strongest neurons of the 100 best digits see, zero
            beyond the border; s is the field's size.
        ascents: (F, H, W) float32, an image of ink 0–1 that gradient ascent found.
        ascent_values: (F,) float32, the pre-activation of the middle neuron that it reaches.
    """

    layer: str
    field: ReceptiveField
    samples: NDArray[np.integer]
    places: NDArray[np.integer]
    values: Float32
    mean_patches: Float32
    ascents: Float32
    ascent_values: Float32

    @property
    def strongest(self) -> Float32:
        """(F,) float32, of each filter its largest pre-activation on any test digit."""
        return np.ascontiguousarray(self.values[:, 0])


# Half precision is 1/2000 of ink 1, far finer than a screen's 256 levels.
_KEPT = {
    "samples": np.int16,
    "places": np.uint8,
    "values": np.float32,
    "mean_patches": np.float16,
    "ascents": np.float16,
    "ascent_values": np.float32,
}


def save_portraits(path: Path, model: str, portraits: Sequence[LayerPortraits], made: Mapping[str, str]) -> None:
    """Write them as safetensors, ``<layer>/<name>``; images in half precision."""
    arrays = {
        f"{each.layer}/{name}": getattr(each, name).astype(dtype) for each in portraits for name, dtype in _KEPT.items()
    }
    about = {"model": model, "fields": {each.layer: asdict(each.field) for each in portraits}, **made}
    path.parent.mkdir(parents=True, exist_ok=True)
    write_tensors(path, arrays, {METADATA_KEY: json.dumps(about)})


def load_portraits(path: Path) -> tuple[str, dict[str, LayerPortraits]]:
    """The model that they are of, and they by layer.

    Raises:
        ArtifactError: The file is missing, damaged or of another form.
    """
    tensors, metadata = read_tensors(path)
    try:
        about = json.loads(metadata[METADATA_KEY])
        portraits = {}
        for layer, field in about["fields"].items():
            arrays = {name: tensors[f"{layer}/{name}"] for name in _KEPT}
            floats = {name: array.astype(np.float32) for name, array in arrays.items() if array.dtype == np.float16}
            portraits[layer] = LayerPortraits(layer, ReceptiveField(**field), **{**arrays, **floats})
        return str(about["model"]), portraits
    except (LookupError, ValueError, TypeError) as error:
        raise ArtifactError(f"{path} holds no portraits that this version can read: {error!r}") from error
