"""Start and stop: load every artifact once, warm up, open the compute pool; close it again."""

import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import numpy as np
from fastapi import FastAPI
from threadpoolctl import threadpool_limits

from app.dependencies import Services
from app.services.compute_pool import ComputePool
from app.services.experiments import ExperimentRecords
from app.services.framing import from_pixels
from app.services.inference import run_forward
from app.services.live_session import Seats
from app.services.network_catalog import NetworkCatalog
from app.services.sample_catalog import SampleCatalog
from app.services.workshop import Workshop
from app.settings import Settings
from model.checksums import verify_checksums
from model.errors import ArtifactError
from model.memory import keep_freed_memory
from model.preprocessing import FRAME_SIZE

logger = logging.getLogger(__name__)

KEPT_BYTES = 2**25
"""Freed memory that a process keeps for the next request."""


SWITCH_SECONDS = 0.0002
"""How long one thread keeps the interpreter from another that wants it; Python's own 5 ms are longer than any job."""

SHOWN_DIGITS = 1000
"""Test digits that a network from elsewhere is shown, to find the ranges of its colors."""

SLOW_THREADS = 1
"""Threads for what may take long."""


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Put what routes need into ``app.state`` for as long as the application runs."""
    settings: Settings = app.state.settings
    keep_freed_memory(up_to=KEPT_BYTES)
    sys.setswitchinterval(SWITCH_SECONDS)
    verified = verify_checksums(settings.artifacts)
    catalog = NetworkCatalog.load(settings.artifacts)
    app.state.catalog = catalog
    app.state.samples = samples = SampleCatalog.load(settings.artifacts, catalog)
    if settings.models is not None:
        catalog.bring(settings.models, samples.tensors(list(range(min(SHOWN_DIGITS, len(samples)))))["images"])
    names = [served.name for served in catalog.all]
    if settings.default_model not in names:
        raise ArtifactError(
            f"KERNELSCOPE_DEFAULT_MODEL is {settings.default_model!r}, but there are: {', '.join(names)}"
        )
    app.state.records = ExperimentRecords.load(settings.artifacts)
    # Drawings take a millisecond, an image or an experiment may take hundreds: in lanes of their own, the first never
    # wait for the second. A second thread for drawings would only fight the first one for the interpreter.
    app.state.pool = pool = ComputePool(settings.threads, settings.queue, settings.queue_seconds)
    app.state.slow_pool = slow_pool = ComputePool(SLOW_THREADS, settings.queue, settings.queue_seconds)
    app.state.metrics.observe_pending(lambda: pool.pending + slow_pool.pending)
    app.state.services = Services(settings, catalog, app.state.samples, pool, slow_pool, app.state.metrics)
    app.state.workshop = workshop = Workshop(catalog, settings.training and settings.workers == 1)
    app.state.seats = seats = Seats(settings.live_sessions)
    app.state.metrics.observe_live_sessions(lambda: seats.taken)
    # One thread for each product: two gave nothing on these small matrices, and under load they fought each other.
    with threadpool_limits(limits=1, user_api="blas"):
        blank = from_pixels(np.zeros((FRAME_SIZE, FRAME_SIZE), dtype=np.float32))
        for served in catalog.all:
            await pool.run(run_forward, served, blank, "none", list(served.layers))
        environment = app.state.templates.env
        for template in environment.list_templates():
            environment.get_template(template)  # compiled now, not while the first visitor waits
        ready = {"models": names, "samples": len(app.state.samples), "verified": verified}
        logger.info("ready", extra=ready)
        try:
            yield
        finally:
            await workshop.close()
            pool.close()
            slow_pool.close()
