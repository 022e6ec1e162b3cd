"""What the application was started with: one typed object that every operation reads in one step.

Knows no operation and no type of request.
"""

from dataclasses import dataclass

from fastapi.requests import HTTPConnection

from app.compute_pool import ComputePool
from app.layer_map_catalog import LayerMapCatalog
from app.measurements import Measurements
from app.model_catalog import ModelCatalog
from app.network_imports import NetworkImports
from app.observability.metrics import Metrics
from app.prediction_catalog import PredictionCatalog
from app.sample_catalog import SampleCatalog
from app.served_network import ServedNetwork
from app.settings import Settings
from app.state_folder import StateFolder


@dataclass(frozen=True)
class Context:
    """Everything that operations work with.

    Attributes:
        settings: The settings.
        models: The models that are served.
        uploads: The folder of the networks that visitors uploaded.
        imports: Reads the files that visitors upload.
        samples: The MNIST test digits.
        measurements: Results that were computed beforehand.
        layer_maps: Maps of the test digits in each layer.
        predictions: Of every model and training step for the test digits.
        pool: Threads for computations of a few milliseconds.
        slow_pool: The thread for computations that may take long.
        metrics: Counters and histograms.
    """

    settings: Settings
    models: ModelCatalog
    uploads: StateFolder
    imports: NetworkImports
    samples: SampleCatalog
    measurements: Measurements
    layer_maps: LayerMapCatalog
    predictions: PredictionCatalog
    pool: ComputePool
    slow_pool: ComputePool
    metrics: Metrics

    def model(self, name: str | None) -> ServedNetwork:
        """The model of this name, or the default model; raises UnknownModel."""
        return self.models[name or self.settings.default_model]


def context_of(connection: HTTPConnection) -> Context:
    """The context of a request or a WebSocket."""
    context: Context = connection.app.state.context
    return context
