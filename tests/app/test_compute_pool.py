import asyncio
import threading
from itertools import pairwise

import pytest

from app.compute_pool import ComputePool
from app.errors import NotReady, ServerBusy

pytestmark = pytest.mark.anyio


async def test_work_is_done_outside_the_event_loop():
    pool = ComputePool(threads=1, queue=0, queue_seconds=10)

    assert await pool.run(threading.get_ident) != threading.get_ident()
    pool.close(10)


async def test_errors_come_back():
    pool = ComputePool(threads=1, queue=0, queue_seconds=10)

    with pytest.raises(ZeroDivisionError):
        await pool.run(divmod, 1, 0)
    pool.close(10)


async def test_beyond_the_queue_requests_are_turned_away_with_a_time_to_return():
    pool = ComputePool(threads=1, queue=1, queue_seconds=10)
    gate = threading.Event()
    running, waiting = (asyncio.create_task(pool.run(gate.wait)) for _ in range(2))
    await asyncio.sleep(0)

    with pytest.raises(ServerBusy, match="2 requests are being computed or waiting") as refusal:
        await pool.run(gate.wait)

    assert refusal.value.headers["Retry-After"] == "1"
    gate.set()
    assert await running
    assert await waiting
    assert await pool.run(lambda: "free again") == "free again"
    pool.close(10)


async def test_who_has_a_seat_is_not_turned_away_and_takes_no_place_in_the_queue():
    pool = ComputePool(threads=1, queue=0, queue_seconds=10)
    gate = threading.Event()
    seated = [asyncio.create_task(pool.run_seated(gate.wait)) for _ in range(3)]
    await asyncio.sleep(0)

    waiting = asyncio.create_task(pool.run(lambda: "answered"))
    await asyncio.sleep(0)

    assert (pool.pending, pool.queued) == (4, 1)
    gate.set()
    assert await waiting == "answered"
    assert all(await asyncio.gather(*seated))
    assert (pool.pending, pool.queued) == (0, 0)
    pool.close(10)


async def test_who_waited_too_long_is_turned_away_while_the_thread_is_still_occupied():
    pool = ComputePool(threads=1, queue=1, queue_seconds=0.05)
    gate, ran = threading.Event(), threading.Event()
    running = asyncio.create_task(pool.run(gate.wait))
    await asyncio.sleep(0)

    with pytest.raises(ServerBusy, match=r"No thread became free within 0\.05 s"):
        await pool.run(ran.set)

    assert not gate.is_set()
    gate.set()
    assert await running
    pool.close(10)
    assert not ran.is_set()


async def test_no_work_begins_while_clients_leave_too_much_unread():
    unread = [True]
    pool = ComputePool(threads=1, queue=1, queue_seconds=10, is_full=lambda: unread[0])

    with pytest.raises(ServerBusy, match="Responses that other clients do not read"):
        await pool.run(lambda: "computed")
    assert await pool.run_seated(lambda: "drawn") == "drawn"

    unread[0] = False
    assert await pool.run(lambda: "computed") == "computed"
    pool.close(10)


async def test_closing_does_not_wait_for_work_without_an_end():
    pool = ComputePool(threads=1, queue=2, queue_seconds=10)
    gate = threading.Event()
    running, waiting = (asyncio.create_task(pool.run(gate.wait)) for _ in range(2))
    await asyncio.sleep(0.01)

    pool.close(0.01)

    with pytest.raises(NotReady):
        await waiting
    gate.set()
    assert await running


async def test_work_of_a_client_that_has_gone_still_counts_until_it_is_done():
    pool = ComputePool(threads=1, queue=0, queue_seconds=10)
    gate, begun = threading.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def work() -> None:
        loop.call_soon_threadsafe(begun.set)
        gate.wait()

    abandoned = asyncio.create_task(pool.run(work))
    await begun.wait()
    abandoned.cancel()
    await asyncio.gather(abandoned, return_exceptions=True)

    assert pool.pending == 1
    gate.set()
    pool.close(10)  # waits for the work
    await asyncio.sleep(0)
    assert pool.pending == 0


async def test_a_closed_pool_is_not_ready():
    pool = ComputePool(threads=1, queue=1, queue_seconds=10)
    pool.close(10)

    with pytest.raises(NotReady):
        await pool.run(lambda: None)
    assert not pool.is_open


async def test_what_takes_no_longer_than_a_thread_would_runs_in_the_event_loop():
    pool = ComputePool(threads=1, queue=0, queue_seconds=10)

    assert await pool.run_here(threading.get_ident) == threading.get_ident()
    pool.close(10)


async def test_nothing_runs_in_the_event_loop_either_once_the_pool_is_closed_or_memory_is_full():
    full = ComputePool(threads=1, queue=0, queue_seconds=10, is_full=lambda: True)
    with pytest.raises(ServerBusy, match="Responses that other clients do not read take all the memory"):
        await full.run_here(threading.get_ident)
    assert await full.run_here_seated(threading.get_ident) == threading.get_ident()

    full.close(10)
    with pytest.raises(NotReady, match="The server is stopping"):
        await full.run_here(threading.get_ident)


async def test_event_loop_looks_around_between_two_jobs():
    pool = ComputePool(threads=1, queue=0, queue_seconds=10)
    order: list[str] = []

    async def arrive() -> None:
        while len([name for name in order if name.startswith("job")]) < 3:
            order.append("event")
            await asyncio.sleep(0)

    jobs = [asyncio.create_task(pool.run_here(order.append, f"job {number}")) for number in range(3)]
    await asyncio.gather(*jobs, arrive())

    assert [name for name in order if name != "event"] == ["job 0", "job 1", "job 2"]
    places = [order.index(f"job {number}") for number in range(3)]
    assert all("event" in order[earlier:later] for earlier, later in pairwise(places)), order
    pool.close(10)
