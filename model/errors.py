"""The errors that `model` raises on bad data.

    ModelError
    ├── ShapeError      an array or a layer does not fit its neighbor
    ├── ArtifactError   a weights file is missing, damaged or of another format
    ├── DatasetError    a data file is missing, damaged or has an unexpected digest
    ├── CheckpointError a training state does not belong to this run
    ├── NeuronError     a network has no such neuron
    └── ParameterError  a network has no such weight

Programming errors (a wrong type, an unknown keyword) remain ordinary exceptions.
"""


class ModelError(Exception):
    """An error in data; the message has the numbers."""


class ShapeError(ModelError, ValueError):
    """An array or a layer does not fit its neighbor."""


class ArtifactError(ModelError):
    """A weights file is missing, damaged or of another format."""


class DatasetError(ModelError, ValueError):
    """A data file is missing, damaged or has an unexpected digest."""


class NeuronError(ModelError, ValueError):
    """A network has no such neuron."""


class CheckpointError(ModelError):
    """A training state does not belong to this run."""


class ParameterError(ModelError):
    """A network has no weight of this name or at this index."""
