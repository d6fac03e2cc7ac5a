"""One epoch of fit against the same network written by hand in NumPy: python bench/train_epoch.py [--random]

784-512-10, relu, softmax, RMSprop, batches of 128, shuffled, with the accuracy metric. First both train on the same
batches from the same weights and must agree in loss and accuracy. Then epochs take turns in this process; before each,
the other's threads have stopped spinning (quiet.settle).
"""

from __future__ import annotations

import argparse
import sys
import time

import numpy as np
from measure import median, ratio, spread, threads
from network import BATCH, CLASSES, HIDDEN, PIXELS, data
from numpy_mlp import NumpyMLP
from quiet import Neighbours, cpus, scattered, settle
from report import header, times_faster

from pynn import keras

PATIENCE = 30.0  # seconds of epochs that other processes disturbed and that are trained again
# Batches -> the largest relative difference of the mean loss. Over 50 steps it is float32's rounding (measured: 1e-7).
# Over an epoch, units near relu's kink amplify it: NumPy with one or two threads differs from itself, and from float64,
# by 3e-4.
SAME_LOSS = {50: 1e-5, 469: 2e-3}
SAME_ACCURACY = 1e-3


def network() -> keras.Sequential:
    model = keras.Sequential([
        keras.Input(shape=(PIXELS,)),
        keras.layers.Dense(HIDDEN, activation="relu"),
        keras.layers.Dense(CLASSES, activation="softmax"),
    ])  # fmt: skip
    model.compile(optimizer="rmsprop", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def compare(x: np.ndarray, labels: np.ndarray, batches: int) -> str:
    """Trains both on the first batches; SystemExit if they do not reach the same loss and accuracy."""
    model = network()
    by_hand = NumpyMLP(model.get_weights(), BATCH)
    x, labels = x[: batches * BATCH], labels[: batches * BATCH]
    history = model.fit(x, labels, batch_size=BATCH, epochs=1, shuffle=False, verbose=0).history
    ours = history["loss"][0], history["accuracy"][0]
    theirs = by_hand.epoch(x, labels, None)
    said = (
        f"after {batches} equal batches: loss {ours[0]:.7f} (fit) {theirs[0]:.7f} (NumPy), "
        f"accuracy {ours[1]:.4f} {theirs[1]:.4f}"
    )
    if not (abs(ours[0] / theirs[0] - 1) < SAME_LOSS[batches] and abs(ours[1] - theirs[1]) < SAME_ACCURACY):
        sys.exit(f"not the same training, so not timed: {said}")
    return said


def main() -> None:
    parser = argparse.ArgumentParser(description="Time epochs of fit against hand-written NumPy, in turns.")
    parser.add_argument("--random", action="store_true", help="random data of MNIST's shape instead of the digits")
    parser.add_argument("--epochs", type=int, default=7, help="timed epochs of each (default: 7)")
    parser.add_argument("--threads", type=int, default=len(cpus()), help="of kernels and BLAS (default: all)")
    args = parser.parse_args()
    if args.epochs < 1 or args.threads < 1:
        parser.error("--epochs and --threads are 1 or more")
    x, labels = data(args.random)
    keras.utils.set_random_seed(0)
    model, rng = network(), np.random.default_rng(0)
    by_hand = NumpyMLP(model.get_weights(), BATCH)
    turns = {
        "fit": lambda: model.fit(x, labels, batch_size=BATCH, epochs=1, verbose=0),
        "NumPy": lambda: by_hand.epoch(x, labels, rng.permutation(len(x))),
    }
    times = {name: np.empty(args.epochs) for name in turns}
    with threads(args.threads):
        agreements = [compare(x, labels, batches) for batches in SAME_LOSS]
        shares: list[float] = []
        end = time.perf_counter() + PATIENCE
        while len(shares) < args.epochs:
            neighbours = Neighbours()
            for name, train in turns.items():
                settle()
                with scattered():
                    start = time.perf_counter()
                    train()
                    times[name][len(shares)] = time.perf_counter() - start
            if not neighbours.disturb or time.perf_counter() > end:
                shares.append(neighbours.share)
    print(header("Epochs of fit and of NumPy by hand", args.threads, others=max(shares)), *agreements, sep="\n")
    for name, t in times.items():
        print(f"{name:6} {median(t):.3f} s per epoch ± {spread(t):.0%}")
    against = ratio(times["NumPy"], times["fit"])
    quartiles = f"quartiles {against.low:.2f} to {against.high:.2f}"
    print(f"fit against NumPy: {times_faster(against)} ({quartiles}).")


if __name__ == "__main__":
    main()
