"""Write the files beside this one with Keras itself: a Sequential and a graph, and what they predict.

From the repository's root: TF_CPP_MIN_LOG_LEVEL=3 keras-env/bin/python tests/pynn/keras_files/make.py
"""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np

HERE = Path(__file__).parent
x = np.linspace(-1, 1, 24, dtype=np.float32).reshape(4, 6)


def sequential() -> keras.Model:
    model = keras.Sequential([
        keras.Input((6,)),
        keras.layers.Dense(5, activation="relu"),
        keras.layers.BatchNormalization(),
        keras.layers.Dropout(0.5),
        keras.layers.Dense(3, activation="softmax"),
    ])  # fmt: skip
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x, np.array([0, 1, 2, 1]), epochs=3, verbose=0)
    return model


def graph() -> keras.Model:
    a, b = keras.Input((2,), name="a"), keras.Input((4,), name="b")
    shared = keras.layers.Dense(3, activation="tanh", name="shared")
    hidden = keras.layers.Concatenate()([shared(keras.layers.Dense(4)(a)), shared(b)])
    outputs = [keras.layers.Dense(1, name="value")(hidden), keras.layers.Dense(2, name="label")(hidden) * 2.0]
    model = keras.Model([a, b], outputs)
    model.compile("rmsprop", ["mse", "mae"])
    model.fit([x[:, :2], x[:, 2:]], [x[:, :1], x[:, :2]], verbose=0)
    return model


def main() -> None:
    keras.utils.set_random_seed(1)
    predictions = {"keras": np.array(keras.__version__)}
    for name, model, data in (("sequential", sequential(), x), ("graph", graph(), [x[:, :2], x[:, 2:]])):
        model.save(HERE / f"{name}.keras")
        model.save_weights(HERE / f"{name}.weights.h5")
        predicted = model.predict(data, verbose=0)
        for i, array in enumerate(predicted if isinstance(predicted, list) else [predicted]):
            predictions[f"{name} {i}"] = array
        targets = np.array([0, 1, 2, 1]) if name == "sequential" else [x[:, :1], x[:, :2]]
        history = model.fit(data, targets, epochs=2, batch_size=4, shuffle=False, verbose=0)
        predictions[f"{name} goes on"] = np.array(history.history["loss"])
    np.savez(HERE / "predictions.npz", **predictions)


if __name__ == "__main__":
    main()
