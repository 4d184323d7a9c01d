"""The server: one process serves the page to one person on the same machine."""

from __future__ import annotations

import os
import socket
import threading
from typing import Any

from clearprop.errors import ArgumentError, missing_extra

HOST = "127.0.0.1"
PORT = 8317


def listen(port: int | None) -> socket.socket:
    """Return a socket on this machine alone; of no port that is asked for, 8317 or the next free.

    Raises
    ------
    ArgumentError
        If the port that is asked for is taken.
    """
    ports = range(PORT, PORT + 20) if port is None else [port]
    for each in (*ports, *([0] if port is None else [])):
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        if os.name != "nt":  # where it would let two programs have the same port
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((HOST, each))
        except OSError:
            listening.close()
            continue
        listening.listen(64)  # who asks before the server runs, waits
        return listening
    raise ArgumentError(f"port {port} is taken; give another, or none")


class Server:
    """Serves the page until it is closed.

    Parameters
    ----------
    port : int, optional
    token : str
        Empty: a random one.

    Attributes
    ----------
    origin : str
        "http://127.0.0.1:8317".
    token : str
        What a page has to bring.
    address : str
        Of the page: origin and token.
    """

    def __init__(self, port: int | None = None, token: str = "") -> None:
        try:
            import uvicorn

            from clearprop.studio.app import make_app
        except ImportError:
            missing_extra("starlette with uvicorn and threadpoolctl", "the studio", "studio")
        self.app = make_app(token=token)
        self._socket = listen(port)
        self.origin = f"http://{HOST}:{self._socket.getsockname()[1]}"
        self.token: str = self.app.state.token
        self.address = f"{self.origin}/?token={self.token}"
        config = uvicorn.Config(
            self.app,
            log_level="error",
            lifespan="off",
            access_log=False,
            timeout_graceful_shutdown=1,
        )
        self._server: Any = uvicorn.Server(config)
        self._thread: threading.Thread | None = None

    def run(self) -> None:
        """Serve until Ctrl-C."""
        self._server.run(sockets=[self._socket])

    def start(self) -> None:
        """Serve in a thread of its own."""
        self._server.install_signal_handlers = lambda: None
        self._thread = threading.Thread(target=self.run, name="clearprop-studio", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End, once what is under way is answered."""
        self.app.state.closes = True  # a page that hears of steps is told no more
        self._server.should_exit = True
        if self._thread is not None:
            self._thread.join()
        self._socket.close()
