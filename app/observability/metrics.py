"""The metrics of /metrics, declared once."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from time import perf_counter

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

LATENCY_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """Counters of one application; each has a registry of its own, so that tests may have many applications."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._exposing = asyncio.Lock()
        ProcessCollector(registry=self._registry)
        self.requests = Counter(
            "kernelscope_requests", "Requests with a response.", ["method", "route", "status"], registry=self._registry
        )
        self.latency = Histogram(
            "kernelscope_request_seconds",
            "Time from the first byte of a request to the last byte of its response.",
            ["method", "route"],
            buckets=LATENCY_BUCKETS,
            registry=self._registry,
        )
        self.inference = Histogram(
            "kernelscope_inference_seconds",
            "Time to frame a digit, pass it through a network and encode the response, waiting included.",
            ["model"],
            buckets=LATENCY_BUCKETS,
            registry=self._registry,
        )
        self.rejections = Counter(
            "kernelscope_rejections", "Requests that were rejected, by problem.", ["problem"], registry=self._registry
        )
        self.live_responses = Counter(
            "kernelscope_live_responses", "Responses in live sessions.", registry=self._registry
        )
        self.live_dropped = Counter(
            "kernelscope_live_dropped",
            "Drawings of live sessions that a newer one overtook before they were computed.",
            registry=self._registry,
        )
        self._live_sessions = Gauge("kernelscope_live_sessions", "Live sessions now open.", registry=self._registry)
        self._visitor_networks = Gauge(
            "kernelscope_visitor_networks", "Networks of visitors that are kept.", registry=self._registry
        )
        self._visitor_bytes = Gauge(
            "kernelscope_visitor_network_bytes", "Bytes of visitors' networks on disk.", registry=self._registry
        )
        # Finding the counter of some labels takes several times as long as counting.
        self._of_response = lru_cache(maxsize=1024)(
            lambda method, route, status: (
                self.requests.labels(method, route, str(status)),
                self.latency.labels(method, route),
            )
        )
        self._of_inference = lru_cache(maxsize=256)(self.inference.labels)
        self._pending = Gauge("kernelscope_pending_jobs", "Computations running or waiting.", registry=self._registry)

    def observe_pending(self, pending: Callable[[], float]) -> None:
        """Read the number of pending jobs whenever the metrics are requested."""
        self._pending.set_function(pending)

    def observe_live_sessions(self, sessions: Callable[[], float]) -> None:
        """Read the number of live sessions whenever the metrics are requested."""
        self._live_sessions.set_function(sessions)

    def observe_visitor_networks(self, usage: Callable[[], tuple[int, int]]) -> None:
        """Read the number and the bytes of visitors' networks whenever the metrics are requested."""
        self._visitor_networks.set_function(lambda: usage()[0])
        self._visitor_bytes.set_function(lambda: usage()[1])

    def count_response(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a response and how long it took."""
        requests, latency = self._of_response(method, route, status)
        requests.inc()
        latency.observe(seconds)

    @contextmanager
    def timed_inference(self, model: str) -> Iterator[None]:
        """Count how long the block takes."""
        begin = perf_counter()
        yield
        self._of_inference(model).observe(perf_counter() - begin)

    async def expose(self) -> bytes:
        """All of them in Prometheus's text format.

        A thread writes it, since thousands of lines take 20 ms; one at a time, so that reading it often costs no more.
        """
        async with self._exposing:
            return await asyncio.to_thread(generate_latest, self._registry)
