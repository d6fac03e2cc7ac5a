"""`pynn demo`: finds weights or trains some, opens the page, and serves it until it is stopped."""

from __future__ import annotations

import argparse
import errno
import ipaddress
import socket
import sys
import threading
import webbrowser
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import PIL.Image  # noqa: F401  for digit.centred: better missed now than at the first drawing
import uvicorn

import kernels

from ..arguments import DEFAULTS, OUTPUT
from ..checks import UserError, one_line
from ..results import WEIGHTS
from .server import application
from .training import Training

_TAKEN = errno.EADDRINUSE, errno.EACCES


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
    number, port = listener.getsockname()[:2]
    bound = ipaddress.ip_address(number)
    host = _outward(listener.family) if bound.is_unspecified else arguments.host
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}/"
    print(f"{address} (Ctrl-C ends it)", flush=True)
    if not bound.is_loopback:
        risk = "whoever reaches that address from another machine can draw, and start and stop trainings"
        print(f"pynn demo: warning: --host {arguments.host}: {risk}", file=sys.stderr, flush=True)
    if not arguments.no_browser:  # one in this terminal returns only after the server's answer
        threading.Thread(target=webbrowser.open, args=[address], daemon=True).start()
    # in the main thread uvicorn would take SIGINT and SIGTERM from `stopping`, but not SIGHUP
    with ThreadPoolExecutor(1) as thread:
        try:
            thread.submit(server.run, [listener]).result()
        finally:
            server.should_exit = True


def _listening(host: str, port: int) -> socket.socket:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        while True:
            family, _, _, _, address = found.pop(0)
            try:
                listener = socket.create_server(address, family=family)  # type: ignore[arg-type]
                # asyncio sets it only on sockets that name their protocol; without it a body waits 40 ms for its header
                listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return listener
            except OSError as error:
                if error.errno in _TAKEN or not found:  # taken: at its next number another server would answer
                    raise
    except (OSError, UnicodeError) as error:  # UnicodeError: a name that cannot be one
        advice = "another --port, or 0 for any" if getattr(error, "errno", 0) in _TAKEN else "a --host of this machine"
        reason = getattr(error, "strerror", None) or error
        raise UserError(f"cannot listen at {host}, port {port} ({reason}): give {advice}") from None


def _outward(family: int) -> str:
    """This machine's number in its network, or if it has none on loopback. No packet is sent."""
    there, here = ("2001:db8::1", "::1") if family == socket.AF_INET6 else ("192.0.2.1", "127.0.0.1")
    with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.connect((there, 9))
        here = probe.getsockname()[0]
    return here
