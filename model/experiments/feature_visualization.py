"""Feature visualization of every filter: what `model.measurements` computed, and the file that keeps it.

The file is safetensors with a tensor ``<layer>/<name>`` for each entry of `_DTYPES`. Its metadata has one entry,
``feature_visualization``: a JSON object with ``model``, ``fields`` (layer → receptive field), and when and with which
versions it was measured.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.arrays import Float32
from model.artifact import read_tensors, write_tensors
from model.errors import ArtifactError
from model.geometry import ReceptiveField, pair_of

METADATA_KEY = "feature_visualization"


@dataclass(frozen=True)
class LayerVisualization:
    """What activates the filters of one convolution.

    Attributes:
        layer: The convolution.
        field: The receptive field of its neurons.
        samples: (F, 9) int, the test digits that activate a filter most, each digit once; -1 where it is not positive.
        positions: (F, 9, 2) int, row and column of the neuron.
        pre_activations: (F, 9) float32, of that neuron.
        mean_patches: (F, sH, sW) float32, mean of the patches that the strongest neurons of the 100 best digits see,
            zero beyond the border; (sH, sW) is the size of the receptive field.
        maximizing_images: (F, H, W) float32, ink 0–1: the image that activation maximization found.
        reached: (F,) float32, the pre-activation of the middle neuron for that image.
    """

    layer: str
    field: ReceptiveField
    samples: NDArray[np.integer]
    positions: NDArray[np.integer]
    pre_activations: Float32
    mean_patches: Float32
    maximizing_images: Float32
    reached: Float32

    @property
    def strongest(self) -> Float32:
        """(F,) float32, the largest pre-activation of each filter on any test digit."""
        return np.ascontiguousarray(self.pre_activations[:, 0])


# Half precision is 1/2000 of ink 1, far finer than a screen's 256 levels.
_DTYPES = {
    "samples": np.int16,
    "positions": np.uint8,
    "pre_activations": np.float32,
    "mean_patches": np.float16,
    "maximizing_images": np.float16,
    "reached": np.float32,
}


def save_visualizations(
    path: Path, model: str, visualizations: Sequence[LayerVisualization], made: Mapping[str, str]
) -> None:
    """Write the file; ``made`` says when and with which versions it was measured."""
    arrays = {
        f"{each.layer}/{name}": getattr(each, name).astype(dtype)
        for each in visualizations
        for name, dtype in _DTYPES.items()
    }
    about = {"model": model, "fields": {each.layer: asdict(each.field) for each in visualizations}, **made}
    path.parent.mkdir(parents=True, exist_ok=True)
    write_tensors(path, arrays, {METADATA_KEY: json.dumps(about)})


def load_visualizations(path: Path) -> tuple[str, dict[str, LayerVisualization]]:
    """The name of the model, and the visualizations by layer.

    Raises:
        ArtifactError: The file is missing, damaged or of another form.
    """
    tensors, metadata = read_tensors(path)
    try:
        about = json.loads(metadata[METADATA_KEY])
        visualizations = {}
        for layer, field in about["fields"].items():
            arrays = {name: tensors[f"{layer}/{name}"] for name in _DTYPES}
            floats = {name: array.astype(np.float32) for name, array in arrays.items() if array.dtype == np.float16}
            visualizations[layer] = LayerVisualization(
                layer, ReceptiveField(**{key: pair_of(value) for key, value in field.items()}), **{**arrays, **floats}
            )
        return str(about["model"]), visualizations
    except (LookupError, ValueError, TypeError) as error:
        raise ArtifactError(f"{path} has no feature visualizations that this version can read: {error!r}") from error
