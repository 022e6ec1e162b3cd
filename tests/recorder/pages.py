"""Open every page in Chromium, as wide as a phone and as a desktop, and keep its controls and their names."""

import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from tests.browser.conftest import CHROMIUM_FLAGS
from tests.recorder.models import write_models
from tests.recorder.requests import OTHER_DEFAULTS
from tests.servers import started

Record = dict[str, Any]

WIDTHS = {"390": (390, 844), "1440": (1440, 900)}

PAGES: dict[str, str] = {
    "workbench": "/#n=15",
    "workbench-mlp-500": "/?model=mlp-500#n=15",
    "workbench-locally-connected": "/?model=locally-connected#n=15",
    "workbench-wide-32": "/?model=wide-32#n=15",
    "workbench-pool-before-relu": "/?model=pool-before-relu#n=15",
    "local-and-global": "/local-and-global#n=15",
    "orientation": "/orientation",
    "gradients": "/gradients#n=15",
    "editor": "/editor#n=15",
    "filters": "/filters",
    "filter": "/filters/cnn/conv1/3",
    "saliency": "/saliency#n=15",
    "layers": "/layers#n=15",
    "errors": "/errors",
    "robustness": "/robustness#n=15&kind=noise&level=0.4",
    "tour": "/tour#n=15",
    "train": "/train",
    "teach": "/teach",
    "lesson": "/teach/kernels#n=15",
    "worksheet": "/teach/kernels/worksheet#n=15",
    "docs": "/docs",
    "problem": "/problems/image-too-large",
    "unknown-problem": "/problems/nothing",
    "unknown-model": "/?model=vgg",
}
"""Name of the file → address."""

OF_OTHER_DEFAULTS = (
    "workbench",
    "local-and-global",
    "orientation",
    "gradients",
    "editor",
    "saliency",
    "layers",
    "errors",
    "robustness",
    "tour",
    "filters",
)
"""Pages that are also opened with each of `OTHER_DEFAULTS` as the default model, on a desktop."""

OPENERS = ("Test digits",)
"""Buttons that show something more: pressed one by one, and what is then there is recorded too."""

UNTOLD = {
    "RootWebArea", "StaticText", "InlineTextBox", "LineBreak", "generic", "none", "paragraph", "strong", "emphasis",
    "ListMarker", "LayoutTable", "LayoutTableRow", "LayoutTableCell", "subscript", "superscript", "code",
    "sectionheader", "MenuListPopup",
}  # fmt: skip
"""Roles of plain text, which is not recorded."""

BOXES = {"list", "listitem", "LabelText", "row", "rowgroup", "term", "definition", "Section", "status"}
"""Roles that are recorded only with a name."""

STATES = ("level", "disabled", "checked", "pressed", "expanded", "selected", "roledescription")

SETTLED = 1.0
"""The page has settled when its controls were the same for so many seconds."""

PATIENCE = 60
"""Seconds in which a page must settle."""


@dataclass
class Visit:
    """A page that was opened, and what went wrong in it."""

    page: Page
    session: CDPSession
    errors: list[str]


def record_pages(only: str = "") -> dict[str, Record]:
    """By file name (``pages/name``): by width, the status, errors and controls.

    Makes only the files whose names contain ``only``.
    """
    executable = shutil.which("chromium")
    if executable is None:
        raise FileNotFoundError("Chromium is not installed; on Debian: apt-get install chromium")
    files: dict[str, Record] = {}
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        models = str(write_models(Path(folder)))
        browser = playwright.chromium.launch(executable_path=executable, args=CHROMIUM_FLAGS)
        with started(KERNELSCOPE_MODELS=models) as server:
            for name, path in PAGES.items():
                for width in WIDTHS if only in f"pages/{name}" else ():
                    files.setdefault(f"pages/{name}", {})[width] = _visit(browser, server.address, path, width)
        for default in OTHER_DEFAULTS:
            wanted = [name for name in OF_OTHER_DEFAULTS if only in f"pages/{name}.default-{default}"]
            if not wanted:
                continue
            with started(KERNELSCOPE_MODELS=models, KERNELSCOPE_DEFAULT_MODEL=default) as server:
                for name in wanted:
                    record = _visit(browser, server.address, PAGES[name], "1440")
                    files[f"pages/{name}.default-{default}"] = {"1440": record}
        browser.close()
    return files


def _visit(browser: Browser, address: str, path: str, width: str) -> Record:
    columns, rows = WIDTHS[width]
    context = browser.new_context(
        viewport={"width": columns, "height": rows}, base_url=address, reduced_motion="reduce", has_touch=columns < 500
    )
    try:
        page = context.new_page()
        visit = Visit(page, context.new_cdp_session(page), [])
        page.on("pageerror", lambda error: visit.errors.append(str(error).splitlines()[0]))
        page.on("response", lambda response: _note(response.status, response.url, address, visit))
        response = page.goto(path)
        record: Record = {"address": path, "status": response.status if response else None}
        _unfold(visit)
        record["controls"] = _settled(visit)
        for name in OPENERS:
            button = page.get_by_role("button", name=name, exact=True)
            if button.count() == 1 and button.is_visible():
                button.click()
                _scroll(page)
                before = set(record["controls"])
                record[f"after {name}"] = [line for line in _settled(visit) if line not in before]
        record["title"] = page.title()
        record["errors"] = sorted(set(visit.errors))
        return record
    finally:
        context.close()


def _note(status: int, url: str, address: str, visit: Visit) -> None:
    if status >= 400:
        visit.errors.append(f"{status} {url.removeprefix(address).partition('?')[0]}")


def _unfold(visit: Visit) -> None:
    """Wait until the page is there, come past all of it, and open what is folded."""
    page = visit.page
    # Sections out of sight would be missing from the accessibility tree.
    page.evaluate(
        """() => {
          const sheet = new CSSStyleSheet();
          sheet.replaceSync("* { content-visibility: visible !important; }");
          document.adoptedStyleSheets.push(sheet);
        }"""
    )
    page.wait_for_load_state("networkidle")
    _scroll(page)
    page.evaluate("document.querySelectorAll('details:not([open])').forEach((each) => { each.open = true; })")
    menus = page.locator("button[aria-expanded=false]:visible")
    if menus.count():
        menus.first.click()


def _scroll(page: Page) -> None:
    """Bring every part of the page into view for a moment, so that what is made when first seen is made."""
    page.evaluate(
        """async () => {
          const painted = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
          for (let top = 0; top < document.documentElement.scrollHeight; top += innerHeight / 2) {
            window.scrollTo(0, top);
            await painted();
          }
          window.scrollTo(0, 0);
          await painted();
        }"""
    )


def _settled(visit: Visit) -> list[str]:
    """The controls once they stay the same and nothing is being fetched."""
    deadline = time.monotonic() + PATIENCE
    visit.page.wait_for_load_state("networkidle")
    before, since = _controls(visit), time.monotonic()
    while time.monotonic() - since < SETTLED:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{visit.page.url} did not settle within {PATIENCE} s")
        visit.page.wait_for_timeout(250)
        try:
            now = _controls(visit)
        except PlaywrightError:  # a node went away meanwhile
            continue
        if now != before:
            before, since = now, time.monotonic()
    return before


def _controls(visit: Visit) -> list[str]:
    """Role, name and state of every node but plain text, in document order; equal neighbors are counted."""
    nodes = {node["nodeId"]: node for node in visit.session.send("Accessibility.getFullAXTree")["nodes"]}
    root = next(node for node in nodes.values() if "parentId" not in node)
    lines: list[str] = []
    counts: list[int] = []
    for line in _walk(root, nodes):
        if lines and lines[-1] == line:
            counts[-1] += 1
        else:
            lines.append(line)
            counts.append(1)
    return [line if count == 1 else f"{line} ×{count}" for line, count in zip(lines, counts, strict=True)]


def _walk(node: dict[str, Any], nodes: dict[str, dict[str, Any]]) -> Iterator[str]:
    role = node.get("role", {}).get("value", "")
    if not node.get("ignored") and role not in UNTOLD:
        name = node.get("name", {}).get("value", "")
        states = {each["name"]: each["value"].get("value") for each in node.get("properties", [])}
        told = "".join(f" [{key}={states[key]}]" for key in STATES if states.get(key) not in (None, "", False))
        if name or role not in BOXES:
            yield f'{role} "{name}"{told}'
    for child in node.get("childIds", []):
        if child in nodes:
            yield from _walk(nodes[child], nodes)
