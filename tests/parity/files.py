"""Files across: each architecture is written by Keras and read by pynn, and the other way round.

In an environment that has Keras with TensorFlow beside pynn (pip install tensorflow-cpu keras h5py .):
TF_CPP_MIN_LOG_LEVEL=3 python -P tests/parity/files.py [names]. Exits with the number of faults.
"""

from __future__ import annotations

import sys
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "pynn/keras/saving/keras_files"))

import architectures

import pynn.keras

ROUNDING = {"atol": 2e-5, "rtol": 1e-4}  # float32, sums of a few numbers, a few layers
KERAS_READS_NOT = {("operators", ".h5"), ("subclassed", ".h5")}  # nor does Keras itself


def same(one: Any, other: Any, data: Any) -> bool:
    pairs = zip(*(architectures.leaves(m.predict(data, verbose=0)) for m in (one, other)), strict=True)
    return all(x.shape == y.shape and np.allclose(x, y, **ROUNDING) for x, y in pairs)


def architecture(writer: Any, reader: Any, name: str, ending: str, folder: Path) -> bool:
    build, data = architectures.ARCHITECTURES[name]
    build(reader)  # which has to know the classes of the model, too
    model, whole, weights = build(writer), folder / f"{name}{ending}", folder / f"{name}.weights.h5"
    model.save(whole)
    model.save_weights(weights)
    copies = [reader.models.load_model(whole)]
    for file in (weights, whole):
        copies.append(reader.models.model_from_json(model.to_json()))
        copies[-1].load_weights(file)
    return all(same(model, copy, data) for copy in copies)


def training(writer: Any, reader: Any, name: str, epochs: int, ending: str, folder: Path) -> bool:
    model = architectures.compiled(writer, name, epochs)
    model.save(folder / f"a{ending}")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        other = reader.models.load_model(folder / f"a{ending}")
    # an optimizer that has made no step yet has no state to skip
    lost = [w for w in caught if epochs and any(word in str(w.message) for word in ("Skipping", "does not fit"))]
    x, y = architectures.X, architectures.X[:, :2]
    before, after = (m.evaluate(x, y, verbose=0, return_dict=True) for m in (model, other))
    alike = list(before) == list(after) and np.allclose(list(before.values()), list(after.values()), **ROUNDING)
    return bool(alike and not lost and np.allclose(*(architectures.train(m, 3) for m in (model, other)), rtol=1e-3))


def attempt(what: str, check: Callable[..., bool], *arguments: Any) -> bool:
    try:
        with tempfile.TemporaryDirectory() as folder:
            found: Any = check(*arguments, Path(folder))
    except Exception as error:
        found = f"{type(error).__name__}: {error}"
    print("ok   " if found is True else "FAULT", what, "" if found is True else found)
    return found is True


def main(names: list[str]) -> int:
    ways = {"Keras -> pynn": (keras, pynn.keras), "pynn -> Keras": (pynn.keras, keras), "pynn": (pynn.keras,) * 2}
    results = []
    for way, pair in ways.items():
        endings = (".keras", ".h5") if pair[0] is keras else (".keras",)
        for ending in endings:
            for name in architectures.ARCHITECTURES:
                if (not names or name in names) and (name, ending) not in KERAS_READS_NOT:
                    results.append(attempt(f"{way} {name}{ending}", architecture, *pair, name, ending))
            for name in architectures.OPTIMIZERS:
                for epochs in (0, 2):
                    if not names or name in names:
                        what = f"{way} {name} after {epochs} epochs {ending}"
                        results.append(attempt(what, training, *pair, name, epochs, ending))
    print(f"{results.count(True)} of {len(results)} hold")
    return results.count(False)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    sys.exit(min(main(sys.argv[1:]), 99))
