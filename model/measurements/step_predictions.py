"""What each network predicted for the test digits before its training was finished."""

import numpy as np
from numpy.typing import NDArray

from model.arrays import Images
from model.measurements.layer_knowledge import NetworkAtStep

BATCH = 200


def predict_at_steps(networks: list[NetworkAtStep], images: Images) -> dict[str, NDArray[np.generic]]:
    """The tensors of ``step_predictions.safetensors.gz``.

    Args:
        networks: The networks.
        images: (N, 1, 28, 28) float32.

    Returns:
        ``<model>/<step>/digits`` (N,) uint8, the predicted classes; ``<model>/<step>/probabilities`` (N,) float16,
        theirs.
    """
    tensors: dict[str, NDArray[np.generic]] = {}
    for of in networks:
        batches = range(0, len(images), BATCH)
        probabilities = np.concatenate([of.network.trace(images[at : at + BATCH]).probabilities for at in batches])
        tensors[f"{of.model}/{of.step}/digits"] = probabilities.argmax(axis=1).astype(np.uint8)
        tensors[f"{of.model}/{of.step}/probabilities"] = probabilities.max(axis=1).astype(np.float16)
    return tensors
