"""The pages behind a real nginx: under a path, in JupyterHub's form of addresses, and with a plain `proxy_pass`."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.network import requested_paths
from tests.browser.people import SEVEN, draw, expect_live, expect_reading
from tests.browser.test_lens import click_cell, expect_numbers
from tests.servers import free_port, started

REMOVED, KEPT, HUB = "/kernelscope", "/kept/kernelscope", "/user/alice/proxy/8000"

LIVE = """
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection "upgrade";
"""
"""What the live channel needs."""

CONFIGURATION = """
daemon off;
pid {folder}/pid;
error_log {folder}/error.log;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{prefixed};
    {locations}
  }}
  server {{
    listen 127.0.0.1:{plain};
    location / {{ proxy_pass {server}; }}
  }}
  server {{
    listen 127.0.0.1:{nameless};
    location / {{ proxy_pass {server}; {live} }}
  }}
}}
"""


def location(prefix: str, upstream: str) -> str:
    return (
        f"location {prefix}/ {{ proxy_pass {upstream}; proxy_set_header Host $http_host; "
        f"proxy_set_header X-Forwarded-Prefix {prefix}; {LIVE} }}"
    )


@dataclass(frozen=True)
class Proxies:
    """Addresses of nginx: with prefixes; with nothing but `proxy_pass`; the same with what the live channel needs."""

    prefixed: str
    plain: str
    nameless: str


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxies]:
    executable = shutil.which("nginx", path="/usr/sbin:/usr/bin:/bin")
    assert executable, "nginx is not installed; on Debian: apt-get install nginx-light"
    folder: Path = tmp_path_factory.mktemp("nginx")
    ports = {name: free_port() for name in ("prefixed", "plain", "nameless")}
    with started() as server:
        removed = [location(prefix, f"{server.address}/") for prefix in (REMOVED, HUB)]
        locations = "\n".join([*removed, location(KEPT, server.address)])
        configuration = CONFIGURATION.format(
            folder=folder, server=server.address, locations=locations, live=LIVE, **ports
        )
        (folder / "nginx.conf").write_text(configuration)
        process = subprocess.Popen([executable, "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")])
        try:
            wait_for(f"http://127.0.0.1:{ports['plain']}/healthz")
            yield Proxies(**{name: f"http://127.0.0.1:{port}" for name, port in ports.items()})
        finally:
            process.terminate()
            process.wait(timeout=10)


def wait_for(address: str) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            httpx.get(address)
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"nothing listens at {address}")


@pytest.mark.parametrize("path", [REMOVED, KEPT, HUB])
def test_drawing_the_live_channel_the_lens_and_the_reference_work_under_a_path(open_page, proxy: Proxies, path: str):
    page: Page = open_page("about:blank")
    paths = requested_paths(page)
    page.goto(f"{proxy.prefixed}{path}/")

    expect_live(page)
    page.get_by_role("button", name="Clear").click()
    draw(page, SEVEN)
    expect_reading(page, 7)
    click_cell(page, "conv1", 2, 10, 12)
    expect_numbers(page)
    page.keyboard.press("Escape")
    page.get_by_role("link", name="API").click()
    expect(page.locator("pre", has_text=f"curl {proxy.prefixed}{path}/api/v1/models").first).to_be_visible()
    assert f"{path}/api/v1/live" in paths
    assert [each for each in paths if not each.startswith(f"{path}/")] == []


@pytest.mark.parametrize("kind", ["plain", "nameless"])
def test_behind_a_proxy_that_replaces_the_host_maps_are_requested_one_by_one(open_page, proxy: Proxies, kind: str):
    page = open_page(f"{getattr(proxy, kind)}/")

    expect(page.locator("#connection")).to_have_text("Not live: maps may lag")
    page.get_by_role("button", name="Clear").click()
    draw(page, SEVEN)
    expect_reading(page, 7)
    started = page.evaluate(
        "fetch('/api/v1/trainings', { method: 'POST', body: '{}', headers: { 'Content-Type': 'application/json' } })"
        ".then((response) => response.status)"
    )
    assert started == 200
