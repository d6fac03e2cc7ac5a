"""Strong scaling as a model, for more threads than this machine has: a stated guess, checked where both are there.

An operation: t(n) = max(t(1) / n, bytes / bandwidth(n)) + region(n). Its work is shared out evenly, as far as the
bandwidth allows: that of the caches grows with the cores, each of which has its own, or a slice of L3; that of memory
stays what the most threads measured have. In a region each further thread costs the same: all meet at one counter.
fit, whose Python runs on one thread: t(n) = serial + (t(1) - serial) / n (Amdahl), with the serial part that follows
from t(1) and t(2): two threads are no check of that one.
"""

from __future__ import annotations

from .store import Machine, Measurement

COUNTS = 2, 4, 8, 16


def predicted(machine: Machine, group: list[Measurement]) -> dict[int, float]:
    """Threads -> seconds of the public operation, for COUNTS and the numbers measured; of one task by threads. Empty
    if one thread, or what the model needs, was not measured."""
    one, name = group[0], group[0].best_rung
    if one.threads > 1 or name is None:
        return {}
    first, counts = one.contestants[name].median, sorted({*COUNTS, *(m.threads for m in group)} - {1})
    regions = {int(n): seconds for n, seconds in machine.get("regions", {}).items() if int(n) > 1}
    if not one.flops:  # fit, whose work is not counted
        two = [m.contestants[name].median for m in group if m.threads == 2 and name in m.contestants]
        serial = min(first, max(0.0, 2 * two[0] - first)) if two else 0.0
        return {n: serial + (first - serial) / n for n in counts if n > 2} if two else {}
    if not regions:
        return {}
    most = max(regions)

    def at(n: int) -> float:
        level, rate = one.limit(machine, n) or ("", 0.0)
        rate *= 1.0 if level.startswith("memory") else max(1.0, n / most)
        least = 0.0 if one.computes or not rate else 1e-9 * one.bytes / rate
        return max(first / n, least) + regions.get(n, regions[most] * (n - 1) / (most - 1))

    return {n: at(n) for n in counts}
