"""Medians, spreads, ratios and verdicts: how sure a number is, and whether two differ.

Times of contestants that took turns are arrays of one length, one entry per turn, NaN where one sat out. A ratio is the
median of each turn's ratios, so that a slow second of the machine, which slows both, leaves it alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

STABLE, NOISY = 0.05, 0.25  # the largest spread of each verdict
BUSY, HOPELESS = 0.1, 0.3  # of the CPUs taken by others: above them nothing is stable, or usable
FEWEST = 3  # turns, below which nothing can be said of a spread


@dataclass(frozen=True)
class Ratio:
    """How many times as fast, with the quartiles over turns."""

    value: float
    low: float
    high: float

    @property
    def tie(self) -> bool:
        """Is the difference smaller than the spread?"""
        return abs(math.log(self.value)) <= math.log(self.high / self.low)

    def __str__(self) -> str:
        return "tie" if self.tie else three_digits(self.value)


def ratio(slow: np.ndarray, fast: np.ndarray) -> Ratio | None:
    """slow over fast, turn by turn; None if they never met in one."""
    each = slow / fast
    if np.isnan(each).all():
        return None
    low, value, high = np.nanquantile(each, (0.25, 0.5, 0.75))
    return Ratio(float(value), float(low), float(high))


def median(times: np.ndarray) -> float:
    return float(np.nanmedian(times))


def spread(times: np.ndarray) -> float:
    """Half the distance between the quartiles, as a share of the median."""
    low, middle, high = np.nanquantile(times, (0.25, 0.5, 0.75))
    return float((high - low) / 2 / middle)


def verdict(times: np.ndarray, others: float = 0) -> str:
    """'stable', 'noisy' or 'unusable'; others: the share of the CPUs that other processes took meanwhile."""
    if others > HOPELESS or np.count_nonzero(~np.isnan(times)) < FEWEST or (wide := spread(times)) > NOISY:
        return "unusable"
    return "stable" if wide <= STABLE and others <= BUSY else "noisy"


def three_digits(x: float) -> str:
    return f"{x:,.0f}" if x >= 100 else f"{x:.1f}" if x >= 10 else f"{x:.2f}" if x >= 0.1 else f"{x:.1g}"
