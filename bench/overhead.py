"""What a small step costs besides its arithmetic: python bench/overhead.py [--part calls|tape|steps] [--threads N]

Prints three Markdown tables. Calls: relu, add and add_relu of (20, 100) float32 arrays, fresh and into `out=`, kernels
against NumPy and PyTorch, in ns. Tape: a chain of 1000 additions of (2, 3) tensors, in ns per addition: the cheapest
call, the operation while nothing records, recorded, and its share of the gradient. Steps: fit of the lab network
400-25-15-10 (relu, relu, softmax; Adam, PyTorch's fused; sparse categorical cross-entropy; accuracy) on random data
with batches of 1 and 32, in us per step: an epoch of 500 steps over 500, so that the start of fit counts a little. Each
library runs in a process of its own, and they take turns; medians, ± half the distance between the quartiles. Libraries
that are not installed are left out.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass

import kernel_contestants
import numpy as np
import tape_contestants
from cases import Case
from kernel_contestants import times
from measure import ROUNDS, ratio
from mlp_contestants import CONTESTANTS, Task
from quiet import cpus
from report import compared_head, head, header, in_units, times_faster, with_spread
from workers import started, take_turns

NS, US = 1e-9, 1e-6
SIZES, BATCHES, STEPS = (400, 25, 15, 10), (1, 32), 500
STEPPING = ("pynn", "PyTorch", "Keras")  # JAX would jit the loop, and NumPy by hand is written for another network
PATIENCE = 5.0  # seconds of turns that other processes disturbed and that are repeated, per table
SAME_LOSS = 0.05  # the largest relative difference of the first epoch's mean loss: their shuffles differ
CALLS = [
    Case(operation, ((20, 100),) * operands, reuse=reuse)
    for operation, operands in (("relu", 1), ("add", 2), ("add_relu", 2))
    for reuse in (False, True)
]


@dataclass
class Part:
    """A table, and what the header must say of it."""

    lines: list[str]
    versions: list[str]
    others: float = 0.0


def calls(threads: int, rounds: int) -> Part:
    contestants = {name: kernel_contestants.CONTESTANTS[name] for name in ("kernels", "NumPy", "PyTorch")}
    with started(contestants, threads, threads) as workers:
        part = Part([compared_head("call", list(workers), "ns")], [worker.version for worker in workers.values()])
        for case in CALLS:
            measured, others = times(workers, case, "float32", rounds)
            part.others = max(part.others, others)
            base, *peers = measured
            cells = [in_units(t, NS) for t in measured.values()]
            cells += [with_spread(ratio(measured[name], measured[base])) for name in peers]
            part.lines.append(f"| {case.operation} {case.label} | {' | '.join(cells)} |")
    return part


def tape(threads: int, rounds: int) -> Part:
    columns = ("cheapest call", "nothing records", "recorded", "backward", "record and backward")
    with started(tape_contestants.CONTESTANTS, threads, threads) as workers:
        part = Part([head("ns per addition", *columns)], [worker.version for worker in workers.values()])
        for worker in workers.values():
            worker.call("turn")
        replies, part.others = take_turns(workers, "turn", rounds, PATIENCE)
    for name, row in replies.items():
        bare, unrecorded, forward, backward = np.array([reply.value for reply in row]).T
        measured = (bare, unrecorded, forward, backward, forward + backward - unrecorded)
        part.lines.append(f"| {name} | {' | '.join(in_units(t, NS) for t in measured)} |")
    return part


def steps(threads: int, rounds: int) -> Part:
    part = Part([head(f"fit of {STEPS} steps, its start included", "batch", "µs per step", "pynn is faster by")], [])
    rng = np.random.default_rng(0)
    for batch in BATCHES:
        task, m = Task(SIZES, "adam", batch, threads), STEPS * batch
        x, labels = rng.random((m, SIZES[0]), np.float32), rng.integers(0, SIZES[-1], m)
        with started({name: CONTESTANTS[name] for name in STEPPING}, threads, task) as workers:
            for worker in workers.values():
                worker.call("use", x, labels)
            losses = {name: worker.call("epoch").value[0] for name, worker in workers.items()}
            replies, others = take_turns(workers, "epoch", rounds, PATIENCE)
            part.versions += [worker.version for worker in workers.values()]
        part.others = max(part.others, others)
        measured = {name: np.array([reply.seconds for reply in row]) for name, row in replies.items()}
        base = next(iter(measured))
        for name, t in measured.items():
            if not abs(losses[name] / losses[base] - 1) < SAME_LOSS:
                sys.exit(
                    f"not the same training: the first loss of {name} is {losses[name]:.4f}, not {losses[base]:.4f}"
                )
            against = times_faster(ratio(t, measured[base])) if name != base else ""
            part.lines.append(f"| {name} | {batch} | {in_units(t / STEPS, US)} | {against} |")
    return part


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure what calls, tape and small training steps cost.")
    parser.add_argument("--part", choices=("calls", "tape", "steps"), help="only this table (default: all)")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"turns of each (default: {ROUNDS})")
    parser.add_argument("--threads", type=int, default=len(cpus()), help="of each contestant (default: all CPUs)")
    args = parser.parse_args()
    if args.threads < 1 or args.rounds < 1:
        parser.error("--threads and --rounds are 1 or more")
    parts = [part(args.threads, args.rounds) for part in (calls, tape, steps) if args.part in (None, part.__name__)]
    versions, others = [version for part in parts for version in part.versions], max(part.others for part in parts)
    print(header("What small steps cost", args.threads, versions, others))
    print("\n\n".join("\n".join(part.lines) for part in parts))


if __name__ == "__main__":
    main()
