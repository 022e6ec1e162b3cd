"""A web server on this machine that behaves well, or in one of the ways that servers do not."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Response = tuple[int, dict[str, str], bytes]
"""Status, headers and body."""


class FileServer:
    """A server in a thread.

    Attributes:
        address: Of its folder, with a slash at the end.
        responses: The response for each path; every other path is not found.
        requests: The paths that were requested, in order.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self.responses: dict[str, Response] = {}
        self.requests: list[str] = []


@contextmanager
def file_server(folder: str) -> Iterator[FileServer]:
    """Serve from this folder, as in ``/mnist/``, until the end."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            files.requests.append(self.path)
            if self.path not in files.responses:
                self.send_error(404)
                return
            status, headers, body = files.responses[self.path]
            self.send_response(status)
            for name, value in ({"Content-Length": str(len(body))} | headers).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        files = FileServer(f"http://127.0.0.1:{server.server_port}{folder}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield files
        server.shutdown()
        thread.join()
