"""pickle and deepcopy: compiled models go on training with the same bits, in other processes too."""

from __future__ import annotations

import copy
import multiprocessing
import operator
import pickle
from types import ModuleType

import numpy as np
import pytest

import pynn as tf
from pynn import keras
from pynn.keras import layers

RNG = np.random.default_rng(0)
X, Y = RNG.random((20, 4), np.float32), RNG.integers(0, 3, 20)
WAYS = {"pickle": lambda x: pickle.loads(pickle.dumps(x)), "pickle 5": lambda x: pickle.loads(pickle.dumps(x, 5)),
        "deepcopy": copy.deepcopy}  # fmt: skip


class Mine(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(3, "softmax")

    def call(self, inputs):
        return self.dense(inputs)


def sequential():
    return keras.Sequential([
        keras.Input((4,)), layers.Dense(8, "relu", kernel_initializer=np.ones((4, 8), np.float32)),
        layers.BatchNormalization(), layers.Dropout(0.2, seed=3), layers.Dense(3, keras.activations.softmax),
    ])  # fmt: skip


def graph():
    inputs = keras.Input((4,))
    hidden = layers.Dense(3, "gelu")(inputs * 2.0 + 1.0)
    return keras.Model(inputs, layers.Dense(3, "softmax")(layers.Concatenate()([hidden, inputs[:, :2]])))


def train(model, **options):
    options = {"batch_size": 5, "epochs": 2, "shuffle": False, "verbose": 0} | options
    return model.fit(X, Y, **options)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "optimizer", ["adam", "rmsprop", "nadam", "ftrl", keras.optimizers.SGD(0.1, 0.9, use_ema=True)]
)
@pytest.mark.parametrize("build", [sequential, graph, Mine])
def test_a_copy_goes_on_with_the_same_bits(build, optimizer, way):
    model = build()
    model.compile(copy.deepcopy(optimizer), "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = train(model)
    other = WAYS[way](model)
    assert not any(np.shares_memory(v._array, w._array) for v, w in zip(model.weights, other.weights, strict=True))
    assert WAYS[way](history).history == history.history
    assert train(other).history == train(model).history  # Dropout has a seed, and its generator was copied with it
    assert other.evaluate(X, Y, verbose=0) == model.evaluate(X, Y, verbose=0)
    for v, w in zip(model.optimizer.variables, WAYS[way](model.optimizer).variables, strict=True):
        np.testing.assert_array_equal(v, w)


def test_in_another_process():
    model = graph()
    model.compile("adam", "sparse_categorical_crossentropy")
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        fit = operator.methodcaller("fit", X, Y, shuffle=False, verbose=0)
        (found,) = pool.map_async(fit, [model]).get(timeout=100)  # a worker that ends would leave map waiting
    assert found.history == model.fit(X, Y, shuffle=False, verbose=0).history


def test_datasets():
    rows = tf.data.Dataset.from_tensor_slices((X, Y))
    for dataset in (rows, rows.batch(3), rows.cache().batch(2), rows.enumerate(), rows.concatenate(rows).skip(3),
                    tf.data.Dataset.range(6).repeat(2).take(7), rows.shuffle(9, seed=2).prefetch(1),
                    tf.data.Dataset.range(4).interleave(tf.data.Dataset.from_tensors),
                    tf.data.Dataset.zip((rows, rows)), next(iter(rows.window(2)))[0]):  # fmt: skip
        for other in (pickle.loads(pickle.dumps(copy.deepcopy(dataset))), copy.deepcopy(dataset)):
            pairs = zip(tf.nest.flatten(list(WAYS["pickle"](dataset))), tf.nest.flatten(list(other)), strict=True)
            assert all(np.array_equal(one, two) for one, two in pairs)


def public(module):
    return [getattr(module, name) for name in dir(module) if not name.startswith("_")]


MODULES = (tf, tf.math, tf.nn, tf.linalg, tf.random, keras.activations, keras.losses, keras.metrics, keras.layers,
           keras.initializers, keras.optimizers, keras.optimizers.schedules, keras.callbacks, keras.regularizers,
           keras.constraints)  # fmt: skip


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_functions_and_classes_are_found_by_name(module: ModuleType):
    for thing in public(module):
        if callable(thing) and str(getattr(thing, "__module__", "")).startswith("pynn"):
            assert isinstance(thing, tf.DType) or pickle.loads(pickle.dumps(thing)) is thing
