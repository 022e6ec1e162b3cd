"""A served network with some kernels changed by hand, for one request."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from app.errors import InvalidInput
from app.services.framing import as_pixels, scaled
from app.services.network_catalog import ServedNetwork
from app.services.sample_catalog import SampleCatalog
from model.errors import ParameterError
from model.experiments.editing import KernelEdit, edit

__all__ = ["KernelEdit", "edited_network", "measure_edited"]

DIGITS = 1000
"""Test digits that an edited network is measured on."""

BATCH = 250


@dataclass(frozen=True)
class EditedAccuracy:
    """What an edit does to the reading of test digits.

    Attributes:
        digits: How many were read, the first of MNIST's test digits.
        errors: How many of them the edited network misreads.
        unedited_errors: How many the network itself misreads.
    """

    digits: int
    errors: int
    unedited_errors: int


def edited_network(served: ServedNetwork, edits: Sequence[KernelEdit]) -> ServedNetwork:
    """The network after the edits; color ranges and all else that is said of it are the original's.

    Raises:
        InvalidInput: An edit does not fit the network.
    """
    try:
        network = edit(served.artifact.network, edits)
    except ParameterError as error:
        message = str(error)
        raise InvalidInput(f"{message[0].upper()}{message[1:]}.") from None
    return replace(served, artifact=replace(served.artifact, network=network), _of_thread=threading.local())


def measure_edited(served: ServedNetwork, edits: Sequence[KernelEdit], samples: SampleCatalog) -> EditedAccuracy:
    """Read test digits with the network and with the edited one."""
    count = min(DIGITS, len(samples))
    tensors = samples.tensors(list(range(count)))
    labels = tensors["labels"]
    images = served.artifact.network.images_of(
        np.stack([scaled(as_pixels(image), served.side) for image in tensors["images"]])
    )
    errors = []
    for network in (edited_network(served, edits).artifact.network, served.artifact.network):
        batches = [network.forward(images[begin : begin + BATCH])[0] for begin in range(0, count, BATCH)]
        errors.append(int(np.count_nonzero(np.concatenate(batches).argmax(axis=1) != labels)))
    return EditedAccuracy(count, *errors)
