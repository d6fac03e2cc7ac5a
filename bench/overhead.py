"""What a small step costs besides its arithmetic: python bench/overhead.py [--part calls|tape|steps] [--threads N]

Prints three Markdown tables. Calls: relu, add and add_relu of (20, 100) float32 arrays, fresh and into `out=`, kernels
against NumPy and PyTorch, in ns. Tape: a chain of 1000 additions of (2, 3) tensors, in ns per addition: the cheapest
call, the operation while nothing records, recorded, and its share of the gradient. Steps: fit of the lab network
400-25-15-10 (relu, relu, softmax; Adam, PyTorch's fused; sparse categorical cross-entropy; accuracy) on random data
with batches of 1 and 32, in us per step. Each library runs in a process of its own, and they take turns; medians, ±
half the distance between the quartiles. Libraries that are not installed are left out.
"""

from __future__ import annotations

import argparse
import sys

import kernel_contestants
import numpy as np
import tape_contestants
from cases import Case
from ladder_table import busy, conditions, times_faster
from measure import ROUNDS, median, ratio, spread
from mlp_contestants import CONTESTANTS, Task
from peaks import limits
from peers_kernels import head, shown, times
from quiet import cpus
from workers import started, take_turns

SIZES, BATCHES, STEPS = (400, 25, 15, 10), (1, 32), 500
STEPPING = ("pynn", "PyTorch", "Keras")  # JAX would jit the loop, and NumPy by hand is written for another network
PATIENCE = 5.0  # seconds of turns that other processes disturbed and that are repeated, per table
SAME_LOSS = 0.05  # the largest relative difference of the first epoch's mean loss: their shuffles differ
CALLS = [
    Case(operation, ((20, 100),) * operands, reuse=reuse)
    for operation, operands in (("relu", 1), ("add", 2), ("add_relu", 2))
    for reuse in (False, True)
]


def calls(threads: int, rounds: int) -> None:
    contestants = {name: kernel_contestants.CONTESTANTS[name] for name in ("kernels", "NumPy", "PyTorch")}
    with started(contestants, threads, threads) as workers:
        print(head("call", list(workers), "ns"))
        for case in CALLS:
            measured, _ = times(workers, case, "float32", rounds)
            base, *peers = measured
            cells = [f"{median(t) * 1e9:.0f}" for t in measured.values()]
            cells += [shown(ratio(measured[name], measured[base])) for name in peers]
            print(f"| {case.operation} {case.label} | {' | '.join(cells)} |")


def tape(threads: int, rounds: int) -> None:
    with started(tape_contestants.CONTESTANTS, threads, threads) as workers:
        for worker in workers.values():
            worker.call("turn")
        replies, others = take_turns(workers, "turn", rounds, PATIENCE)
    print("\n| ns per addition | cheapest call | nothing records | recorded | backward | record and backward |")
    print(f"|:--|{'--:|' * 5}")
    for name, row in replies.items():
        bare, unrecorded, forward, backward = np.array([reply.value for reply in row]).T * 1e9
        columns = (bare, unrecorded, forward, backward, forward + backward - unrecorded)
        print(f"| {name} | {' | '.join(f'{median(t):.0f} ± {spread(t):.0%}' for t in columns)} |")
    print(busy(others).strip())


def steps(threads: int, rounds: int) -> None:
    print("\n| fit, µs per step | batch | time | pynn is faster by |\n|:--|--:|--:|--:|")
    rng, most = np.random.default_rng(0), 0.0
    for batch in BATCHES:
        task, m = Task(SIZES, "adam", batch, threads), STEPS * batch
        x, labels = rng.random((m, SIZES[0]), np.float32), rng.integers(0, SIZES[-1], m)
        with started({name: CONTESTANTS[name] for name in STEPPING}, threads, task) as workers:
            for worker in workers.values():
                worker.call("use", x, labels)
            losses = {name: worker.call("epoch").value[0] for name, worker in workers.items()}
            replies, others = take_turns(workers, "epoch", rounds, PATIENCE)
        most = max(most, others)
        measured = {name: np.array([reply.seconds for reply in row]) for name, row in replies.items()}
        base = next(iter(measured))
        for name, t in measured.items():
            if not abs(losses[name] / losses[base] - 1) < SAME_LOSS:
                sys.exit(
                    f"not the same training: the first loss of {name} is {losses[name]:.4f}, not {losses[base]:.4f}"
                )
            against = times_faster(ratio(t, measured[base])) if name != base else ""
            print(f"| {name} | {batch} | {median(t) / STEPS * 1e6:.0f} ± {spread(t):.0%} | {against} |")
    print(busy(most).strip())


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure what calls, tape and small training steps cost.")
    parser.add_argument("--part", choices=("calls", "tape", "steps"), help="only this table (default: all)")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"turns of each (default: {ROUNDS})")
    parser.add_argument("--threads", type=int, default=len(cpus()), help="of each contestant (default: all CPUs)")
    args = parser.parse_args()
    if args.threads < 1 or args.rounds < 1:
        parser.error("--threads and --rounds are 1 or more")
    print(f"{conditions(args.threads, 'all')}\n{limits(args.threads)}")
    for part in (calls, tape, steps):
        if args.part in (None, part.__name__):
            part(args.threads, args.rounds)


if __name__ == "__main__":
    main()
