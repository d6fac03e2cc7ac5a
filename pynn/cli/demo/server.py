"""The routes of the demo: the page, what a drawing is, the times of the rungs, the training and its events."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

import kernels
from kernels.cpus import cpu_count

from ..checks import UserError
from .guard import Guard, body, failed
from .network import CANVAS, Network
from .training import Training

MOST_EPOCHS = 50
_MOST_COMMAND = 1000  # bytes
_TICK = 0.05  # seconds between looks for news of the training


async def command(request: Request, **allowed: Collection[Any]) -> dict[str, Any]:
    """A JSON object of just these names, each with one of its values. HTTPException: it is another."""
    with suppress(ValueError, RecursionError):
        found = json.loads(await body(request, "application/json", _MOST_COMMAND))
        if isinstance(found, dict) and found.keys() == allowed.keys() and all(
            type(value) in (int, str) and value in allowed[name] for name, value in found.items()
        ):  # fmt: skip
            return found
    raise HTTPException(400, f"give a JSON object of {', '.join(allowed)}, each within its limits: see /settings")


def application(training: Training, host: str, is_leaving: Callable[[], bool]) -> Starlette:
    """is_leaving: whether the server ends, and with it each stream of events."""
    config, measuring = kernels.show_config(), asyncio.Lock()
    measurer = ThreadPoolExecutor(1)  # always the same thread: each gets OpenMP threads of its own
    sets: list[str] = config["instruction sets available"]  # type: ignore[assignment]
    cpus = cpu_count()

    async def settings(request: Request) -> Response:
        now = {"isa": config["instruction set"], "threads": kernels.get_num_threads()}
        return JSONResponse({"canvas": CANVAS, "sets": sets, "cpus": cpus, "most_epochs": MOST_EPOCHS, **now})

    async def drawn(request: Request) -> tuple[Network, np.ndarray]:
        drawing = await body(request, "application/octet-stream", CANVAS**2)
        if len(drawing) != CANVAS**2:
            raise HTTPException(400, f"a drawing has {CANVAS}x{CANVAS} bytes, not {len(drawing)}")
        network = training.network
        if network is None:
            raise HTTPException(503, "the first epoch of the first training is not finished")
        x = await asyncio.to_thread(network.see, drawing)
        if x is None:
            raise HTTPException(422, "nothing is drawn")
        return network, x

    async def predict(request: Request) -> Response:
        network, x = await drawn(request)
        return JSONResponse(await asyncio.to_thread(network.answer, x))

    async def rungs(request: Request) -> Response:
        network, x = await drawn(request)
        async with measuring:  # two at once would disturb each other
            if await request.is_disconnected():  # the person has drawn on
                return Response(status_code=204)
            return JSONResponse(await asyncio.get_running_loop().run_in_executor(measurer, network.rungs, x))

    async def start(request: Request) -> Response:
        options = await command(request, threads=range(1, cpus + 1), isa=sets, epochs=range(1, MOST_EPOCHS + 1))
        if not await asyncio.to_thread(training.start, **options):
            raise HTTPException(409, "a training is running: stop it first")
        return JSONResponse({})

    async def threads(request: Request) -> Response:
        await asyncio.to_thread(training.send, **await command(request, threads=range(cpus + 1)))
        return JSONResponse({})

    async def events(request: Request) -> Response:
        async def stream() -> AsyncIterator[str]:
            seen = None
            while not (is_leaving() or await request.is_disconnected()):
                if seen is not training.news:
                    seen = training.news
                    yield f"data: {json.dumps(seen)}\n\n"
                await asyncio.sleep(_TICK)

        return StreamingResponse(stream(), media_type="text/event-stream")

    async def refused(request: Request, error: Exception) -> Response:
        return failed(error.status_code, error.detail) if isinstance(error, HTTPException) else failed(503, str(error))

    posts = {"/predict": predict, "/rungs": rungs, "/start": start, "/threads": threads}
    return Starlette(
        routes=[
            Route("/settings", settings),
            Route("/events", events),
            *(Route(path, endpoint, methods=["POST"]) for path, endpoint in posts.items()),
            Mount("/", StaticFiles(directory=Path(__file__).parent / "static", html=True)),
        ],
        middleware=[Middleware(Guard, host=host)],
        exception_handlers={HTTPException: refused, UserError: refused},
    )
