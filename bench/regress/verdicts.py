"""What the times say. A pair of processes gives one ratio, the median of its turns'; the pairs' ratios are the sample.

The interval of their median takes no distribution for granted: between the k-th smallest and the k-th largest of n
lies the true median unless fewer than k of n fall on one side of it, as heads of a fair coin.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

SURE = 0.95  # that the interval holds the true median
FEWEST = 6  # pairs: five cannot say anything with that certainty
SLOWER, FASTER, SAME, UNSURE = "slower", "faster", "same", "unsure"


@dataclass(frozen=True)
class Change:
    """The seconds of the head over those of the base: above 1 it is slower."""

    value: float
    low: float
    high: float

    def verdict(self, threshold: float) -> str:
        """Slower or faster: by more than the threshold, and beyond the noise. Same: surely not slower by as much."""
        if self.value > 1 + threshold and self.low > 1:
            return SLOWER
        if self.value < 1 / (1 + threshold) and self.high < 1:
            return FASTER
        return SAME if self.high < 1 + threshold else UNSURE

    def suspect(self, threshold: float) -> bool:
        """Worth a second look? One case of so many is easily beyond the threshold by chance, or short of it."""
        return self.value > 1 + threshold / 2


def change(pairs: list[dict[str, np.ndarray]]) -> Change:
    """`pairs`: seconds of "base", "head" and "NumPy" by turn. ValueError if too few pairs have turns of both."""
    ratios = np.array([np.median(each) for each in map(_ratios, pairs) if len(each)])
    if len(ratios) < FEWEST:
        raise ValueError(f"{len(ratios)} pairs of processes instead of {FEWEST} or more")
    ratios.sort()
    k = rank(len(ratios))
    return Change(float(np.median(ratios)), float(ratios[k - 1]), float(ratios[-k]))


def _ratios(times: dict[str, np.ndarray]) -> np.ndarray:
    """Of those turns that all took part in: both sides as ratios to NumPy, one over the other."""
    each = (times["head"] / times["NumPy"]) / (times["base"] / times["NumPy"])
    return each[np.isfinite(each)]


def rank(n: int) -> int:
    """The k of the narrowest interval that is sure enough; 0 if there is none."""
    k, outside = 0, 0.0
    while (outside := outside + 2 * math.comb(n, k) / 2**n) <= 1 - SURE:
        k += 1
    return k
