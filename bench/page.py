"""How soon the page shows what the pen did: Chromium, the real server, and a hand that never rests.

A pointer event carries the time at which the browser received it. From there until every map on the page is repainted
with that point in it is the latency; the canvases are presented with the next frame.
"""

import shutil
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from bench.service import serving

SECONDS = 12
HEAP_EVERY = 30
SIZES = {"desktop": (1440, 900), "phone": (390, 844)}
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--enable-precise-memory-info",
]

WATCH = Path(__file__).with_name("watch_page.js")


def measure(heap_minutes: float) -> list[dict[str, Any]]:
    """Latencies, frames and tasks while drawing; then the heap, drawing for as many minutes."""
    from playwright.sync_api import sync_playwright

    executable = shutil.which("chromium")
    if not executable:
        print("Chromium is not installed (Debian: apt-get install chromium): the page is not measured", file=sys.stderr)
        return []
    rows = []
    with serving(1) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        for name, (width, height) in SIZES.items():
            context = browser.new_context(viewport={"width": width, "height": height}, base_url=address)
            page = _opened(context)
            _draw(page, SECONDS / 4)  # compiled and warm
            page.evaluate("watched.begin()")
            _draw(page, SECONDS)
            row = {"window": f"{name}, {width}×{height}", **_figures(page.evaluate("watched.end()"))}
            print(row, file=sys.stderr)
            rows.append(row)
            if name == "desktop" and heap_minutes:
                row["heap"] = _heap(context, page, heap_minutes)
                print(row["heap"], file=sys.stderr)
            context.close()
        browser.close()
    return rows


def _opened(context: Any) -> Any:
    page = context.new_page()
    page.add_init_script(path=WATCH)
    page.goto("/")
    page.locator("#connection[data-status=live]").wait_for(state="attached")
    page.locator("#prediction li[aria-current]").wait_for()
    return page


def _draw(page: Any, seconds: float) -> int:
    """Loops and lines, one stroke after the other, as fast as the browser takes the points; returns the strokes."""
    box = page.get_by_role("application", name="Drawing pad").bounding_box()
    end = time.monotonic() + seconds
    strokes = 0
    while time.monotonic() < end:
        page.get_by_role("button", name="Clear").click()
        for stroke in range(3):
            strokes += 1
            turn = np.linspace(0, 4 + stroke, 60)
            x = box["x"] + box["width"] * (0.5 + 0.07 * np.cos(turn + strokes) * turn)
            y = box["y"] + box["height"] * (0.5 + 0.07 * np.sin(turn + strokes) * turn)
            page.mouse.move(x[0], y[0])
            page.mouse.down()
            for point in zip(x.tolist(), y.tolist(), strict=True):
                page.mouse.move(*point)
            page.mouse.up()
    return strokes


def _figures(watched: dict[str, list[float]]) -> dict[str, Any]:
    frames = np.diff(watched["frames"])
    repainted, presented = np.array(watched["repainted"]), np.array(watched["presented"])
    return {
        "responses": len(repainted),
        "repainted_ms": np.percentile(repainted, [50, 95, 99]).round(1).tolist(),
        "presented_ms": np.percentile(presented, [50, 95, 99]).round(1).tolist(),
        "frames": len(frames),
        "frames_late": int((frames > 25).sum()),
        "long_tasks": len(watched["longTasks"]),
        "longest_task_ms": max(watched["longTasks"], default=None),
    }


def _heap(context: Any, page: Any, minutes: float) -> dict[str, Any]:
    """What JavaScript holds after a collection, in MB, at every half minute."""
    session = context.new_cdp_session(page)
    held = []
    for _ in range(int(minutes * 60 / HEAP_EVERY) + 1):
        session.send("HeapProfiler.collectGarbage")
        held.append(round(session.send("Runtime.getHeapUsage")["usedSize"] / 1e6, 2))
        _draw(page, HEAP_EVERY)
    # The first is before the first of these half minutes.
    return {"minutes": minutes, "megabytes": held}
