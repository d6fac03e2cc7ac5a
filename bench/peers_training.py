"""Epochs of the MNIST network against its peers: python bench/peers_training.py [--only pynn,torch] [--random]

784-512-10, relu, softmax, RMSprop with Keras's defaults, batches of 128, shuffled, with the accuracy metric: pynn's
fit, NumPy by hand, PyTorch eager, JAX's jitted scan, Keras on TensorFlow, each in a process of its own, with the same
number of threads, taking turns. Prints Markdown: a title, the conditions, and a table of the first epoch's loss and
accuracy, from the same weights, of seconds per epoch and of their ratio to the first contestant's; epochs after the
first are timed. Exits with an error if the first epochs' losses differ. Libraries that are not installed are left out.
"""

from __future__ import annotations

import argparse
import sys

import numpy as np
from measure import median, ratio, spread
from mlp_contestants import CONTESTANTS, Task
from network import BATCH, SIZES, data
from quiet import cpus
from report import head, header, times_faster
from workers import chosen, started, take_turns

PATIENCE = 60.0  # seconds of epochs that other processes disturbed and that are trained again
# The largest relative difference of the first epoch's loss to the first contestant's. Each shuffles in its own order,
# which moves it by about 1% (measured on ten orders).
SAME_LOSS = 0.05


def main() -> None:
    parser = argparse.ArgumentParser(description="Time epochs of pynn, NumPy, PyTorch, JAX and Keras in turns.")
    parser.add_argument("--only", metavar="A,B", help=f"of {', '.join(CONTESTANTS)} (default: those installed)")
    parser.add_argument("--epochs", type=int, default=7, help="timed epochs of each, after the first (default: 7)")
    parser.add_argument("--threads", type=int, default=len(cpus()), help="of each contestant (default: all CPUs)")
    parser.add_argument("--patience", type=float, default=PATIENCE, help="seconds of disturbed epochs to train again")
    parser.add_argument("--random", action="store_true", help="random data of MNIST's shape instead of the digits")
    args = parser.parse_args()
    if args.epochs < 1 or args.threads < 1:
        parser.error("--epochs and --threads are 1 or more")
    contestants = chosen(CONTESTANTS, args.only)
    task = Task(SIZES, "rmsprop", BATCH, args.threads)
    x, labels = data(args.random)
    labels = labels.astype(np.int64)
    with started(contestants, args.threads, task) as workers:
        for worker in workers.values():
            worker.call("use", x, labels)
        first = {name: worker.call("epoch").value for name, worker in workers.items()}
        replies, others = take_turns(workers, "epoch", args.epochs, args.patience)
        versions = [worker.version for worker in workers.values()]
    times = {name: np.array([reply.seconds for reply in row]) for name, row in replies.items()}
    base = next(iter(times))
    title = f"Epochs of {'random data' if args.random else 'MNIST'}, {'-'.join(map(str, SIZES))}"
    print(header(title, args.threads, versions, others))
    print(head("", "loss, epoch 1", "accuracy", "s per epoch", f"{base} is faster by", "quartiles"))
    for name, t in times.items():
        loss, accuracy = first[name]
        against = ratio(t, times[base])
        compared = f"{times_faster(against)} | {against.low:.2f} to {against.high:.2f}" if name != base else " | "
        print(f"| {name} | {loss:.4f} | {accuracy:.4f} | {median(t):.3f} ± {spread(t):.0%} | {compared} |")
    for name, (loss, _) in first.items():
        if not abs(loss / first[base][0] - 1) < SAME_LOSS:
            sys.exit(f"not the same training: the first epoch's loss of {name} is {loss:.4f}")


if __name__ == "__main__":
    main()
