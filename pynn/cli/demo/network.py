"""A drawing as the network sees it, what each part of the network answers, and how fast each rung of the ladder is."""

from __future__ import annotations

import base64
import math
import statistics
import time
from pathlib import Path
from typing import Any

import numpy as np

import kernels
from kernels.ladder import LADDER

from ..checks import UserError
from ..digit import centred
from ..predict import trained

CANVAS = 280  # pixels a side, one byte of ink each
_STRONGEST = 8  # units shown
_FEWEST, _MOST, _SECONDS = 3, 100, 0.01  # calls of a rung that are timed, and when there are enough of them


class Network:
    """A chain of Dense layers, relu and softmax at the end, of the file `path`.

    UserError: the file is not one of `pynn train`, or its network reads no square pictures, or gives NaN.
    """

    def __init__(self, path: str | Path) -> None:
        model, pixels, _ = trained(str(path))
        weights = [w.astype(np.float32, copy=False) for w in model.get_weights()]
        self.layers = list(zip(weights[::2], weights[1::2], strict=True))
        self.side = side(pixels, f"{path} reads")
        bound = np.ones(pixels, np.float64)  # of each activation; below it nothing overflows, and so nothing is NaN
        for w, b in self.layers:
            bound = bound @ np.abs(w, dtype=np.float64) + np.abs(b)
        if not (bound < np.finfo(np.float32).max).all():
            raise UserError(f"{path} gives NaN: train again with a smaller --learning-rate")

    def see(self, drawing: bytes) -> np.ndarray | None:
        """x (1, pixels): CANVAS rows of CANVAS bytes of ink, centred as MNIST's digits are; None: nothing is drawn."""
        ink = np.frombuffer(drawing, np.uint8).reshape(CANVAS, CANVAS) / np.float32(255)
        field = centred(ink, self.side)
        return None if field is None else field.reshape(1, -1)

    def answer(self, x: np.ndarray) -> dict[str, Any]:
        """The probabilities, what was seen, and the strongest units of the first layer with their incoming weights."""
        h = kernels.dense(x, *self.layers[0], "relu")[0]
        weights = self.layers[0][0]
        strongest = [unit for unit in np.argsort(-h)[:_STRONGEST].tolist() if h[unit] > 0]
        units = [{"unit": i, "value": float(h[i]), "weights": picture(weights[:, i])} for i in strongest]
        p = self._forward(x, list(LADDER["dense"])[-1])[0].tolist()
        return {"side": self.side, "seen": encoded(x * 255), "probabilities": p, "units": units}

    def rungs(self, x: np.ndarray) -> list[dict[str, Any]]:
        """For each rung its name, idea, median seconds, digit, and distance from the lowest one's probabilities.

        Without seconds: the rung is left out, since it would take longer than about a second.
        """
        steps = max(w.size for w, _ in self.layers)
        lowest, found = None, []
        for name, rung in LADDER["dense"].items():
            row: dict[str, Any] = {"name": name, "idea": rung.idea}
            found.append(row)
            if steps > rung.most_steps:
                continue
            times: list[float] = []
            p = self._forward(x, name)  # the first call finds nothing in the caches
            while len(times) < _FEWEST or (sum(times) < _SECONDS and len(times) < _MOST):
                start = time.perf_counter()
                self._forward(x, name)
                times.append(time.perf_counter() - start)
            lowest = p if lowest is None else lowest
            row |= {"seconds": statistics.median(times), "digit": int(p.argmax())}
            row["distance"] = float(np.abs(p - lowest).max())
        return found

    def _forward(self, x: np.ndarray, rung: str) -> np.ndarray:
        """The probabilities (1, classes), every operation by that rung, or where it has none of that name its top."""
        for w, b in self.layers[:-1]:
            x = LADDER["dense"][rung](x, w, b)
        w, b = self.layers[-1]
        dot = LADDER["dot"].get(rung, kernels.dot)
        add = LADDER["add_matrix_and_vector"].get(rung, kernels.add)
        softmax = LADDER["softmax"].get(rung, kernels.softmax)
        return np.asarray(softmax(add(dot(x, w), b)))


def side(pixels: int, what: str) -> int:
    """Of a square of so many pixels. UserError: there is none; `what` begins it, "the pictures have"."""
    if (found := math.isqrt(pixels)) ** 2 != pixels:
        raise UserError(f"{what} {pixels} pixels, which are no square: the demo draws squares")
    return found


def picture(weights: np.ndarray) -> str:
    """Weights as bytes: 0 is 128, the largest in size 1 or 255; in base64."""
    return encoded(128 + 127 * weights / (np.abs(weights).max() or 1))


def encoded(values: np.ndarray) -> str:
    """Numbers from 0 to 255 as bytes, in base64."""
    return base64.b64encode(values.round().astype(np.uint8).tobytes()).decode()
