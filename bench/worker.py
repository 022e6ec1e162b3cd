"""One contender in a process of its own: ``python -m bench.worker GROUP NAME``.

Prepares the contender, then runs a block of calls for each line on standard input and writes their times.
"""

import json
import sys
import time

from threadpoolctl import threadpool_info, threadpool_limits

from bench.contenders import GROUPS, Call

WARM_UP_SECONDS = 0.3
BLOCK_SECONDS = 0.5
MOST_CALLS = 3000


def main() -> None:
    """Serve until standard input ends."""
    group, name = sys.argv[1:]
    threadpool_limits(1, user_api="blas")
    call = GROUPS[group][name]()
    blas = next((each for each in threadpool_info() if each["user_api"] == "blas"), {})
    print(json.dumps({"blas": f"{blas.get('internal_api')} {blas.get('version')}, kernel {blas.get('architecture')}"}))
    for _line in iter(sys.stdin.readline, ""):
        _block(call, WARM_UP_SECONDS)
        print(json.dumps(_block(call, BLOCK_SECONDS)), flush=True)


def _block(call: Call, seconds: float) -> list[float]:
    """Seconds for each call, of as many as fit."""
    times: list[float] = []
    until = time.perf_counter() + seconds
    while not times or (time.perf_counter() < until and len(times) < MOST_CALLS):
        began = time.perf_counter()
        call()
        times.append(time.perf_counter() - began)
    return times


if __name__ == "__main__":
    main()
