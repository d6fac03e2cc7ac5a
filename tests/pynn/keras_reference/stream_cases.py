"""fit, evaluate and predict on streams: Datasets, generators, PyDatasets, and how many batches an epoch takes."""

from __future__ import annotations

import warnings

import numpy as np
from cases import TRAIN, initial_weights, uniform

X, LABELS = TRAIN[0][:40], TRAIN[1][:40]
Y = uniform(81, 40, 1)
WEIGHTS = uniform(82, 40, low=0.0, high=2.0)


def make(keras, loss="mse", units=1, metrics=("mae",), weighted_metrics=None):
    model = keras.Sequential([keras.Input((20,)), keras.layers.Dense(units)])
    model.set_weights(initial_weights([w.shape for w in model.get_weights()]))
    model.compile(keras.optimizers.SGD(0.05), loss, metrics=list(metrics), weighted_metrics=weighted_metrics)
    return model


def batches(size=8, *parts):
    parts = parts or (X, Y)
    return [tuple(p[i : i + size] for p in parts) for i in range(0, len(X), size)]


def generator(tf, size, dtype, repeat=1):
    for _ in range(repeat):
        for batch in batches(size):
            yield tuple(part.astype(dtype) for part in batch)


def dataset(tf, size, dtype, repeat=1):
    data = tf.data.Dataset.from_tensor_slices((X.astype(dtype), Y.astype(dtype))).batch(size)
    return data if repeat == 1 else data.repeat(repeat if repeat > 0 else None)


def flat_map(tf, size, dtype, repeat=1):
    """A Dataset of unknown length."""
    return dataset(tf, size, dtype, repeat).unbatch().filter(lambda x, y: x[0] > -2.0).batch(size)


def pydataset(keras):
    class Numbered(keras.utils.PyDataset):
        def __init__(self, dtype, **options):
            super().__init__(**options)
            self.dtype, self.ends = dtype, 0

        def __len__(self):
            return 5

        def __getitem__(self, index):
            return tuple(part.astype(self.dtype) for part in batches(8)[index])

        def on_epoch_end(self):
            self.ends += 1

    return Numbered


def seen(model, use, quiet=False):
    """What `use(model, callbacks)` did: batches in each epoch, history, warnings, the weights."""
    counts, params = [], []
    callback = type(
        "Count",
        (model_callback(),),
        {
            "on_epoch_begin": lambda self, epoch, logs=None: counts.append(0),
            "on_train_batch_end": lambda self, batch, logs=None: counts.__setitem__(-1, counts[-1] + 1),
            "on_train_begin": lambda self, logs=None: params.append(self.params.get("steps")),
        },
    )
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        history = use(model, [callback()])
    return {
        "counts": counts,
        "steps": params,
        "epochs": list(history.epoch),
        "keys": list(history.history),
        # Keras also warns where a stream of unknown length ends, though nobody asked for more
        "warned": None if quiet else any("ran out of data" in str(w.message) for w in warned),
        "values": np.concatenate(list(history.history.values())),
        "weights": np.concatenate([np.ravel(w) for w in model.get_weights()]),
    }


CALLBACK = []


def model_callback():
    return CALLBACK[-1]


def fitting(kind, size=8, repeat=1, validation=None, **options):
    def case(tf, keras, dtype):
        CALLBACK.append(keras.callbacks.Callback)
        more = {} if validation is None else {"validation_data": validation(tf, 16, dtype)}
        data = kind(tf, size, dtype, repeat)
        quiet = validation is generator or (kind in (generator, flat_map) and "steps_per_epoch" not in options)
        return seen(make(keras), lambda m, cb: m.fit(data, verbose=0, callbacks=cb, **more, **options), quiet)

    return case


def py(tf, keras, dtype):
    CALLBACK.append(keras.callbacks.Callback)
    data = pydataset(keras)(dtype)
    model = make(keras)
    result = seen(
        model,
        lambda m, cb: m.fit(
            data, epochs=2, shuffle=False, verbose=0, callbacks=cb, validation_data=pydataset(keras)(dtype)
        ),
    )
    evaluated = model.evaluate(pydataset(keras)(dtype), verbose=0)
    predicted = model.predict(pydataset(keras)(dtype), verbose=0)
    return result | {"evaluated": np.array(evaluated), "predicted": np.asarray(predicted)[::7]}


def py_steps(tf, keras, dtype):
    CALLBACK.append(keras.callbacks.Callback)
    data = pydataset(keras)(dtype)
    return seen(
        make(keras), lambda m, cb: m.fit(data, epochs=3, steps_per_epoch=2, shuffle=False, verbose=0, callbacks=cb)
    )


def arrays(keras, steps):
    CALLBACK.append(keras.callbacks.Callback)
    return seen(
        make(keras),
        lambda m, cb: m.fit(
            X, Y, 8, epochs=4, steps_per_epoch=steps, validation_split=0.2, shuffle=False, verbose=0, callbacks=cb
        ),
    )


def class_weights(stream):
    def case(tf, keras, dtype):
        CALLBACK.append(keras.callbacks.Callback)
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model = make(keras, loss, 5, metrics=["accuracy"], weighted_metrics=["accuracy"])
        given = {0: 0.5, 1: 2.0, 2: 1.0, 3: 0.0, 4: 1.5}
        if stream == "dataset":
            data = tf.data.Dataset.from_tensor_slices((X.astype(dtype), LABELS)).batch(8)
        elif stream == "one-hot":
            model = make(keras, keras.losses.CategoricalCrossentropy(from_logits=True), 5)
            data = tf.data.Dataset.from_tensor_slices((X.astype(dtype), np.eye(5, dtype=dtype)[LABELS])).batch(8)
        return seen(model, lambda m, cb: m.fit(data, class_weight=given, verbose=0, callbacks=cb))

    return case


def sample_weights(tf, keras, dtype):
    CALLBACK.append(keras.callbacks.Callback)
    data = tf.data.Dataset.from_tensor_slices((X.astype(dtype), Y.astype(dtype), WEIGHTS.astype(dtype))).batch(16)
    model = make(keras, metrics=["mae"], weighted_metrics=["mae", "mse"])
    result = seen(model, lambda m, cb: m.fit(data, epochs=2, verbose=0, callbacks=cb, validation_data=data))
    evaluated = model.evaluate(data, verbose=0, return_dict=True)
    on_batch = model.test_on_batch(X.astype(dtype), Y.astype(dtype), WEIGHTS.astype(dtype), return_dict=True)
    return result | {
        "names": list(evaluated),
        "evaluated": np.array(list(evaluated.values())),
        "array": np.array(model.evaluate(X, Y, sample_weight=WEIGHTS, batch_size=16, verbose=0)),
        "on batch": np.array([float(v) for v in on_batch.values()]),
    }


def steps_of_evaluate(tf, keras, dtype):
    model = make(keras)
    return {
        "dataset": np.array(model.evaluate(dataset(tf, 8, dtype), steps=2, verbose=0)),
        "generator": np.array(model.evaluate(generator(tf, 8, dtype), steps=3, verbose=0)),
        "whole generator": np.array(model.evaluate(generator(tf, 8, dtype), verbose=0)),
        "forever": np.array(model.evaluate(dataset(tf, 8, dtype, -1), steps=7, verbose=0)),
        "array": np.array(model.evaluate(X, Y, batch_size=8, steps=2, verbose=0)),
        "predict": np.asarray(model.predict(dataset(tf, 8, dtype), steps=2, verbose=0)),
        "predict x": np.asarray(model.predict(dataset(tf, 8, dtype).map(lambda x, y: x), verbose=0)),
        "predict generator": np.asarray(model.predict(((x.astype(dtype),) for x, _ in batches(8)), verbose=0)),
        "predict short": np.asarray(model.predict(dataset(tf, 16, dtype), verbose=0)).shape[0],
    }


CASES = {
    "dataset": fitting(dataset, epochs=3),
    "dataset, last batch short": fitting(dataset, 12, epochs=2),
    "dataset, fewer steps": fitting(dataset, epochs=3, steps_per_epoch=2),
    "dataset, more steps": fitting(dataset, epochs=2, steps_per_epoch=7),
    "dataset forever": fitting(dataset, repeat=-1, epochs=3, steps_per_epoch=4),
    "dataset repeated": fitting(dataset, repeat=2, epochs=2, steps_per_epoch=3),
    "dataset of unknown length": fitting(flat_map, epochs=3),
    "dataset of unknown length, fewer steps": fitting(flat_map, epochs=3, steps_per_epoch=2),
    "generator": fitting(generator, epochs=1),
    "generator, steps": fitting(generator, repeat=2, epochs=2, steps_per_epoch=4),
    "generator, too many steps": fitting(generator, epochs=2, steps_per_epoch=4),
    "validation": fitting(dataset, epochs=2, validation=dataset),
    "validation steps": fitting(dataset, epochs=3, validation=dataset, validation_steps=2),
    "validation of a generator": fitting(dataset, epochs=1, validation=generator),
    "array, steps": lambda tf, keras, dtype: arrays(keras, 2),
    "array, too many steps": lambda tf, keras, dtype: arrays(keras, 7),
    "validation freq": fitting(dataset, epochs=4, validation=dataset, validation_freq=2),
    "pydataset": py,
    "pydataset, steps": py_steps,
    "class weights, dataset": class_weights("dataset"),
    "class weights, one-hot": class_weights("one-hot"),
    "sample weights": sample_weights,
    "steps of evaluate and predict": steps_of_evaluate,
}
