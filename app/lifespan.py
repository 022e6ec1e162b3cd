"""Start and stop of the application: load the artifacts, warm up, open the compute pools; close them again."""

import asyncio
import logging
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import numpy as np
from fastapi import FastAPI
from jinja2 import Environment
from threadpoolctl import threadpool_limits

from app.compute_pool import ComputePool
from app.context import Context
from app.forward import forward
from app.framing import from_pixels
from app.layer_map_catalog import LayerMapCatalog
from app.live.seats import Seats
from app.measurements import Measurements
from app.model_catalog import SHOWN_DIGITS, ModelCatalog
from app.network_imports import NetworkImports
from app.prediction_catalog import PredictionCatalog
from app.sample_catalog import SampleCatalog
from app.server.http_protocol import unsent_bytes
from app.settings import Settings
from app.state_folder import StateFolder, state_of
from app.trainings.service import TrainingService
from app.trainings.slots import Slots
from app.visitor_networks import VisitorNetworks
from model.artifact import EXPERIMENTS_FOLDER, LAYER_MAPS_FILE, STEP_PREDICTIONS_FILE
from model.checksums import verify_checksums
from model.digits.framing import FRAME_SIZE
from model.errors import ArtifactError
from model.memory import keep_freed_memory

logger = logging.getLogger(__name__)

KEPT_ARRAY_BYTES = 2**20
"""Arrays of a drawing are smaller, and their freed memory is used again; that of larger ones is returned at once."""

KEPT_BYTES = 2**25
"""Freed memory that a process keeps for later requests, in bytes."""

SWITCH_SECONDS = 0.0002
"""How long one thread may hold the interpreter while another waits; Python's default of 5 ms is longer than a job."""

CLOSE_SECONDS = 1.0
"""How long a pool waits at the end for a job that runs; requests had their time before."""

SLOW_THREADS = 1
"""Threads for requests that may take long."""


SWEEP_SECONDS = 600.0
"""Between two searches for visitors' networks and trainings that are too old."""


def _load(settings: Settings, visitors: VisitorNetworks) -> tuple[ModelCatalog, SampleCatalog, bool]:
    """Read the models and the test digits.

    Returns:
        The models, the test digits, and whether checksums were there to verify the files.

    Raises:
        ArtifactError: A file is damaged, or the default model is not among the models.
    """
    verified = verify_checksums(settings.artifacts)
    catalog = ModelCatalog.load(settings.artifacts, visitors)
    samples = SampleCatalog.load(settings.artifacts, catalog)
    if settings.models is not None:
        shown = list(range(min(SHOWN_DIGITS, len(samples))))
        digits = samples.tensors(shown)
        catalog.load_uploaded(settings.models, digits["images"], digits["labels"])
    names = [served.name for served in catalog.all]
    if settings.default_model not in names:
        reason = catalog.rejected.get(f"{settings.default_model}.onnx")
        raise ArtifactError(
            f"KERNELSCOPE_DEFAULT_MODEL is {settings.default_model!r}, but these models are served: {', '.join(names)}"
            + (f". {settings.default_model}.onnx {reason}" if reason else "")
        )
    return catalog, samples, verified


async def _sweep_periodically(folders: Sequence[StateFolder]) -> None:
    """Delete what is too old even if nobody uploads anything."""
    while True:
        await asyncio.sleep(SWEEP_SECONDS)
        for folder in folders:
            await asyncio.to_thread(folder.sweep)


async def _compile_templates(environment: Environment) -> None:
    """Compile the templates that no request needed yet: a fifth of a second, which the start does not wait for."""
    for template in environment.list_templates():
        await asyncio.to_thread(environment.get_template, template)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Put what operations need into ``app.state`` while the application runs."""
    settings: Settings = app.state.settings
    keep_freed_memory(KEPT_ARRAY_BYTES, KEPT_BYTES)
    sys.setswitchinterval(SWITCH_SECONDS)
    # One thread for each matrix product: two are not faster for these small matrices, and under load they compete.
    with threadpool_limits(limits=1, user_api="blas"), state_of(settings) as state:
        size, seconds = settings.visitor_bytes, 3600 * settings.visitor_hours
        uploads = StateFolder(state / "networks", "network", settings.visitor_networks, size, seconds)
        runs = StateFolder(state / "trainings", "training", settings.visitor_trainings, size, seconds)
        catalog, samples, verified = _load(settings, VisitorNetworks([uploads, runs]))
        measurements = Measurements.load(settings.artifacts)
        experiments = settings.artifacts / EXPERIMENTS_FOLDER
        layer_maps = LayerMapCatalog(experiments / LAYER_MAPS_FILE, samples)
        predictions = PredictionCatalog(experiments / STEP_PREDICTIONS_FILE, samples)

        def is_full() -> bool:
            return app.state.unread.bytes + unsent_bytes() > settings.unread_bytes

        # A drawing takes a millisecond, an image or an experiment may take hundreds: with separate threads, drawings
        # never wait for them. A second thread for drawings would only compete with the first for the interpreter.
        pool = ComputePool(settings.threads, settings.queue, settings.queue_seconds, is_full)
        slow_pool = ComputePool(SLOW_THREADS, settings.queue, settings.queue_seconds, is_full)
        app.state.metrics.observe_pending(lambda: pool.pending + slow_pool.pending)
        imports = NetworkImports(settings.artifacts)
        metrics = app.state.metrics
        metrics.observe_visitor_networks(uploads.usage)
        app.state.context = Context(
            settings,
            catalog,
            uploads,
            imports,
            samples,
            measurements,
            layer_maps,
            predictions,
            pool,
            slow_pool,
            metrics,
        )
        trainings = TrainingService(runs, settings.artifacts, Slots(), allowed=settings.training)
        app.state.trainings = trainings
        app.state.seats = seats = Seats(settings.live_sessions)
        app.state.metrics.observe_live_sessions(lambda: seats.taken)
        blank = from_pixels(np.zeros((FRAME_SIZE, FRAME_SIZE), dtype=np.float32))
        for served in catalog.all:
            run = pool.run_here if served.is_quick else pool.run  # where its drawings will be computed
            await run(forward, served, blank, "none", list(served.layers))
        ready = {"models": [served.name for served in catalog.all], "samples": len(samples), "verified": verified}
        logger.info("ready", extra=ready)
        sweeping = asyncio.create_task(_sweep_periodically([uploads, runs]))
        compiling = asyncio.create_task(_compile_templates(app.state.templates.env))
        try:
            yield
        finally:
            sweeping.cancel()
            compiling.cancel()
            await trainings.close()
            pool.close(CLOSE_SECONDS)
            slow_pool.close(CLOSE_SECONDS)
