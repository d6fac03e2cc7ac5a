"""`pynn demo`: finds weights or trains some, opens the page, and serves it until it is stopped."""

from __future__ import annotations

import argparse
import ipaddress
import socket
import sys
import webbrowser
from pathlib import Path

import PIL.Image  # noqa: F401  for digit.centred: better missed now than at the first drawing
import uvicorn

import kernels

from ..arguments import DEFAULTS, OUTPUT
from ..checks import UserError, one_line
from ..results import WEIGHTS
from .server import application
from .training import Training


def demo(arguments: argparse.Namespace) -> int:
    """Serves until a signal ends it. UserError: weights that cannot be used, or an address that cannot be had."""
    training = Training(arguments.data)
    weights = Path(arguments.weights or Path(OUTPUT) / WEIGHTS)
    try:
        if is_new := not (arguments.weights or weights.exists()):
            print(f"no weights at {weights}: the page shows how they are trained", flush=True)
        else:
            training.use(weights, one_line(str(weights)))
        with _listening(arguments.host, arguments.port) as listener:
            if is_new:
                config = kernels.show_config()
                isa, epochs = str(config["instruction set"]), int(str(DEFAULTS["epochs"]))
                training.start(kernels.get_num_threads(), isa, epochs, OUTPUT)
            _serve(training, arguments, listener)
    finally:
        training.close()
    return 0


def _serve(training: Training, arguments: argparse.Namespace, listener: socket.socket) -> None:
    app = application(training, arguments.host, lambda: server.should_exit)
    options = {"ws": "none", "lifespan": "off", "access_log": False, "log_level": "error", "server_header": False}
    server = uvicorn.Server(uvicorn.Config(app, http="h11", timeout_graceful_shutdown=1, **options))  # type: ignore[arg-type]
    host = f"[{arguments.host}]" if ":" in arguments.host else arguments.host
    address = f"http://{host}:{listener.getsockname()[1]}/"
    print(f"{address} (Ctrl-C ends it)", flush=True)
    if not _is_loopback(listener):
        about = "whoever reaches this machine by its network can draw, and start and stop trainings"
        print(f"pynn demo: warning: --host {arguments.host}: {about}", file=sys.stderr, flush=True)
    if not arguments.no_browser:
        webbrowser.open(address)  # it waits in the socket's queue until the server is there
    server.run(sockets=[listener])


def _listening(host: str, port: int) -> socket.socket:
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.create_server(address[:2], family=family)
    except (OSError, UnicodeError) as error:  # UnicodeError: a name that cannot be one
        about = getattr(error, "strerror", None) or error
        raise UserError(f"cannot listen at {host}, port {port} ({about}): give another --port, or 0 for any") from None
    # asyncio sets it only on sockets that name their protocol; without it an answer's body waits 40 ms for its header
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def _is_loopback(listener: socket.socket) -> bool:
    return ipaddress.ip_address(listener.getsockname()[0].partition("%")[0]).is_loopback
