"""Selenium's commands in Marionette, the protocol by which Firefox itself is driven.

Selenium expects geckodriver, which translates WebDriver's requests into Marionette. Debian has no geckodriver, and the
translation is short: Firefox carries out the same commands under other names. A message is JSON, after its length in
bytes and a colon: ``[0, id, command, parameters]``, and in response ``[1, id, error, result]``.
"""

import json
import socket
from typing import Any

from selenium.webdriver.remote.command import Command

COMMANDS = {
    Command.NEW_SESSION: "WebDriver:NewSession",
    Command.W3C_GET_CURRENT_WINDOW_HANDLE: "WebDriver:GetWindowHandle",
    Command.W3C_GET_WINDOW_HANDLES: "WebDriver:GetWindowHandles",
    Command.SWITCH_TO_WINDOW: "WebDriver:SwitchToWindow",
    Command.SET_WINDOW_RECT: "WebDriver:SetWindowRect",
    Command.GET: "WebDriver:Navigate",
    Command.W3C_EXECUTE_SCRIPT: "WebDriver:ExecuteScript",
    Command.W3C_ACTIONS: "WebDriver:PerformActions",
}
"""Those that the tests use."""


class Marionette:
    """What Selenium's ``Remote`` takes as its command executor.

    Args:
        port: Where Firefox listens, on this machine.
    """

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._messages = self._socket.makefile("rb")
        self._last_id = 0
        self._receive()  # Firefox introduces itself.

    def execute(self, command: str, parameters: dict[str, Any]) -> dict[str, Any]:
        """Carry out one of `COMMANDS`; returns what ``Remote`` expects of a server."""
        self._last_id += 1
        message = json.dumps([0, self._last_id, COMMANDS[command], parameters]).encode()
        self._socket.sendall(b"%d:%b" % (len(message), message))
        _, _, error, result = self._receive()
        if error:
            return {"status": error["error"], "value": error}
        return {"value": result["value"] if isinstance(result, dict) and result.keys() == {"value"} else result}

    def close(self) -> None:
        """Firefox keeps running."""
        self._messages.close()
        self._socket.close()

    def _receive(self) -> Any:
        length = b""
        while (byte := self._messages.read(1)) != b":":
            assert byte, "Firefox closed the connection"
            length += byte
        return json.loads(self._messages.read(int(length)))
