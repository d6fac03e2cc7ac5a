"""Medians, their intervals and ratios: how sure a number is, and whether two differ.

Times of contestants that took turns are arrays of one length, one entry per turn, NaN where one sat out. A ratio is the
median of each turn's ratios, so that a slow second of the machine, which slows both, leaves it alone.

The interval of a median lies between two of the sorted values, equally far from both ends. A turn is above the true
median as often as below it, so the binomial distribution says how probable it is that they enclose it; they are the
innermost two for which that is CONFIDENCE, and of fewer than five turns the least and the largest value.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import comb

import numpy as np

CONFIDENCE = 15 / 16  # what the range of five turns gives
CLOSE = 0.1  # ends of an interval that are no further from a value may be taken for it


@dataclass(frozen=True)
class Ratio:
    """How many times as fast, with its interval."""

    value: float
    low: float
    high: float

    @property
    def tie(self) -> bool:
        """Does the interval hold 1, and little else?"""
        return self.low <= 1 <= self.high and reach(self.low, 1, self.high) <= CLOSE

    @property
    def unknown(self) -> bool:
        """Does the interval hold 1, and much else?"""
        return self.low <= 1 <= self.high and not self.tie

    @property
    def text(self) -> str:
        """The number, with the interval unless that is close to it, or the number small: it has one digit then."""
        if reach(self.low, self.value, self.high) <= CLOSE or self.value < 0.1:
            return three_digits(self.value)
        return f"{three_digits(self.value)} ({three_digits(self.low)}–{three_digits(self.high)})"

    def __str__(self) -> str:
        return "tie" if self.tie else "cannot tell" if self.unknown else self.text


def interval(values: np.ndarray) -> tuple[float, float, float]:
    """(low, median, high)."""
    known = np.sort(values[~np.isnan(values)])
    cut = _outside(len(known))
    return float(known[cut]), float(np.median(known)), float(known[-1 - cut])


@cache
def _outside(n: int) -> int:
    """How many of n sorted values lie at each end outside the interval."""
    cut, outcomes = 0, 1 + n  # of 2^n, in which the true median is not even within the next narrower interval
    while 1 - 2 * outcomes / 2**n >= CONFIDENCE:
        cut += 1
        outcomes += comb(n, cut + 1)
    return cut


def reach(low: float, value: float, high: float) -> float:
    """How far the further end is from the value: 0.1 is 10% above it, or the value 10% above the end."""
    return max(high / value, value / low) - 1


def ratio(slow: np.ndarray, fast: np.ndarray) -> Ratio | None:
    """slow over fast, turn by turn; None if they never met in one."""
    each = slow / fast
    if np.isnan(each).all():
        return None
    low, value, high = interval(each)
    return Ratio(value, low, high)


def three_digits(x: float) -> str:
    """As 1,234; 12.3; 0.12; of less one digit, 0.00004."""
    if x < 0.1:
        return np.format_float_positional(float(f"{x:.1g}"), trim="-")
    return f"{x:,.0f}" if x >= 100 else f"{x:.1f}" if x >= 10 else f"{x:.2f}"
