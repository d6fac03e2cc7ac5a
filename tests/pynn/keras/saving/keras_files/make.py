"""Write the files beside this one with Keras itself: some of the architectures, and what they predict.

From the repository's root: TF_CPP_MIN_LOG_LEVEL=3 keras-env/bin/python tests/pynn/keras/saving/keras_files/make.py
"""

from __future__ import annotations

from pathlib import Path

import architectures
import keras
import numpy as np

HERE = Path(__file__).parent
RECORDED = {"digits": ".keras", "channels_first": ".keras", "graph": ".keras", "operators": ".keras",
            "compiled_inside": ".keras", "own_names": ".keras", "insides": ".keras", "subclassed": ".keras",
            "nested": ".h5"}  # fmt: skip
TRAINED = {"adam": 0, "rmsprop": 2, "amsgrad": 2, "nadam": 2}  # epochs before they are written


def main() -> None:
    keras.utils.set_random_seed(1)
    numbers = {"keras": np.array(keras.__version__)}
    for name, ending in RECORDED.items():
        build, data = architectures.ARCHITECTURES[name]
        model = build(keras)
        model.save(HERE / f"{name}{ending}")
        for i, array in enumerate(architectures.leaves(model.predict(data, verbose=0))):
            numbers[f"{name} {i}"] = array
        if name == "nested":
            model.save_weights(HERE / "nested.weights.h5")
    for name, epochs in TRAINED.items():
        model = architectures.compiled(keras, name, epochs)
        model.save(HERE / f"trained_{name}.keras")
        numbers[f"{name} evaluated"] = np.array(model.evaluate(architectures.X, architectures.X[:, :2], verbose=0))
        numbers[f"{name} goes on"] = np.array(architectures.train(model, 3))
    np.savez(HERE / "predictions.npz", **numbers)


if __name__ == "__main__":
    main()
