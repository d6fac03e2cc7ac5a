"""Inputs of fit, evaluate and predict: memory layouts, dtypes, settings, shapes, errors."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

import pynn as tf
from pynn import keras
from pynn.keras import layers
from pynn.keras.training.batches import Batches


def unaligned(array):
    memory = np.zeros(array.nbytes + 1, np.uint8)[1:]
    moved = memory.view(array.dtype).reshape(array.shape)
    moved[...] = array
    return moved


LAYOUTS = {
    "contiguous": np.array,
    "transposed": np.asfortranarray,
    "strided": lambda x: np.repeat(x, 2, axis=1)[:, ::2],
    "reversed": lambda x: np.array(x[:, ::-1])[:, ::-1],
    "unaligned": unaligned,
    "big-endian": lambda x: x.astype(">f4"),
    "double": lambda x: x.astype(np.float64),
}


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_an_epoch_copies_one_batch_at_a_time(layout, shuffle):
    plain = np.random.default_rng(0).random((4096, 64), np.float32)
    x, y = LAYOUTS[layout](plain), np.arange(4096)
    batches = Batches(x, y, batch_size=64, shuffle=shuffle)
    for rows, labels in batches:
        assert rows.dtype == np.float32 and labels.dtype == np.int64
        np.testing.assert_array_equal(rows._array, plain[labels._array])
    tracemalloc.start()
    try:
        for _ in batches:
            pass
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < x.nbytes / 4  # a batch is 1/64 of it, the order 1/32


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("shuffle", [False, True])
def test_the_layout_changes_no_weight(layout, shuffle, network, x_train, y_train):
    found = []
    for x, y in ((x_train, y_train), (LAYOUTS[layout](x_train), y_train.astype(">i8"))):
        keras.utils.set_random_seed(3)
        model = network()
        model.fit(x, y, batch_size=64, verbose=0, shuffle=shuffle)
        found.append([*model.get_weights(), model.predict(x, verbose=0), model.evaluate(x, y, verbose=0)])
    for one, other in zip(*found, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_kept_batches_stay(dtype, x_train):
    kept = list(Batches(x_train.astype(dtype), batch_size=100, shuffle=True))
    np.testing.assert_array_equal(np.sort(np.concatenate([rows.numpy() for rows in kept]), 0), np.sort(x_train, 0))


@pytest.mark.parametrize(("change", "message"), [
    (lambda x, y: {"x": x.astype(str)}, r"x holds text \(dtype <U32\); .* `np.array\(labels, int\)`"),
    (lambda x, y: {"y": y.astype(str)}, r"y holds text \(dtype <U3\); .* `classes, y = np.unique\("),
    (lambda x, y: {"y": y.astype(str).astype(object)}, r"y holds text \(dtype object\); .*np.unique"),
    (lambda x, y: {"y": [None] * 600}, r"y holds objects \(dtype object\)"),
    (lambda x, y: {"x": x.astype(object)}, r"x holds objects \(dtype object\): give numbers, e.g. by .astype"),
    (lambda x, y: {"x": x + 1j}, r"x holds no real numbers \(dtype complex64\)"),
    (lambda x, y: {"x": (row for row in x)}, "`y` is not supported where x is a generator"),
    (lambda x, y: {"y": iter(y)}, "y is <.*iterator"),
    (lambda x, y: {"x": None}, "no data: x is None"),
    (lambda x, y: {"x": [[1.0], [1.0, 2.0]]}, "x is a sequence whose items differ in length"),
    (lambda x, y: {"y": 3}, "one row for each sample, but y is the single value 3"),
    (lambda x, y: {"sample_weight": ["a"] * 600}, "sample_weight holds text"),
    (lambda x, y: {"validation_data": (x, None)}, "no targets"),
    (lambda x, y: {"validation_data": (None, y)}, "x is None"),
    (lambda x, y: {"x": None, "validation_split": 0.5}, "x is None"),
    (lambda x, y: {"y": np.where(y > 5, np.nan, y)}, "labels hold NaN or infinity"),
    (lambda x, y: {"y": np.where(y > 5, np.inf, y)}, "labels hold NaN or infinity"),
    (lambda x, y: {"shuffle": "batch"}, "`shuffle` must be True or False, got 'batch'"),
    (lambda x, y: {"validation_data": (x, y), "validation_freq": 0}, "`validation_freq` must be an integer of 1"),
    (lambda x, y: {"validation_data": (x, y), "validation_freq": 1.5}, "`validation_freq` must be an integer of 1"),
    (lambda x, y: {"validation_data": (x, y), "validation_batch_size": 0}, "`validation_batch_size` must be an int"),
    (lambda x, y: {"epochs": 2.0}, "`epochs` must be an integer of 0 or more, got 2.0"),
    (lambda x, y: {"epochs": "2"}, "`epochs` must be an integer"),
    (lambda x, y: {"initial_epoch": 0.5}, "`initial_epoch` must be an integer"),
])  # fmt: skip
def test_refused(change, message, network, x_train, y_train):
    with pytest.raises(ValueError, match=message):
        network().fit(**({"x": x_train, "y": y_train, "verbose": 0} | change(x_train, y_train)))


@pytest.mark.parametrize("labels", [["cat", "dog", "cat"], [b"3", b"1", b"3"], ["cat", None, "cat"]])
@pytest.mark.parametrize("kind", [list, np.array, lambda labels: np.array(labels, object)])
@pytest.mark.parametrize("take", [
    tf.constant, tf.Variable, tf.data.Dataset.from_tensor_slices, keras.utils.to_categorical,
    lambda y: keras.losses.sparse_categorical_crossentropy(y, np.ones((3, 2))),
    lambda y: keras.metrics.Accuracy()(y, [0, 1, 0]), keras.Sequential([layers.Flatten()]),
])  # fmt: skip
def test_text_is_told_to_number_its_classes(take, kind, labels):
    with pytest.raises(
        TypeError, match=r"the value holds text .* no text: number the classes, `classes, y = np\.unique\("
    ):
        take(kind(labels))


def test_what_is_told_about_text_helps():
    with pytest.raises(TypeError, match=r"the value holds text \(dtype <U1\); pynn holds numbers .* as text: `"):
        tf.constant("a", tf.float32)
    for numbers in (np.unique(["dog", "cat"], return_inverse=True)[1], np.array(["1", "0"], int)):
        np.testing.assert_array_equal(tf.constant(numbers), [1, 0])


def test_validation_after_the_epochs_of_a_list(network, x_train, y_train):
    seen = []

    class Recorder(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            seen.append("val_loss" in logs)

    network().fit(x_train, y_train, epochs=4, verbose=0, validation_split=0.5, validation_freq=[1, 4],
                  callbacks=Recorder())  # fmt: skip
    assert seen == [True, False, False, True]


@pytest.mark.parametrize("first", [[keras.Input((8, 8)), layers.Flatten()], [layers.Flatten(input_shape=(8, 8))]])
def test_the_declared_shape_binds(first, images, y_train):
    model = keras.Sequential([*first, layers.Dense(10, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    for bad, words in ((images[..., None], "expected ndim=3, found ndim=4"), (images[:, :, :7], "sizes differ"),
                       (images.reshape(-1, 64), "expected ndim=3, found ndim=2")):  # fmt: skip
        shape = str((32, *bad.shape[1:])).replace("(", r"\(").replace(")", r"\)")
        with pytest.raises(ValueError, match=rf"{words}.* \(None, 8, 8\), got {shape}"):
            model.fit(bad, y_train, verbose=0)
        with pytest.raises(ValueError, match=words):
            model.predict(bad, verbose=0)
    model.fit(images, y_train, verbose=0)


def test_of_a_shape_from_data_the_rank_binds():
    model = keras.Sequential([layers.Dense(3)])
    assert model(np.ones((2, 5, 4))).shape == (2, 5, 3) and model(np.ones((2, 7, 4))).shape == (2, 7, 3)
    with pytest.raises(ValueError, match="expected ndim=3, found ndim=2"):
        model(np.ones((2, 4)))
    free = keras.Sequential([keras.Input((None, 4)), layers.Dense(3)])
    assert free(np.ones((2, 7, 4))).shape == (2, 7, 3)


def test_an_empty_sequential_computes_nothing(x_train, y_train):
    emptied = keras.Sequential([layers.Dense(3, input_shape=(64,))])
    emptied.pop()
    for model in (keras.Sequential(), keras.Sequential([keras.Input((64,))]), emptied):
        model.compile("sgd", "mse")
        for use in (lambda m=model: m.fit(x_train, y_train, verbose=0), lambda m=model: m.predict(x_train, verbose=0)):
            with pytest.raises(ValueError, match="has no layers"):
                use()
        model.add(layers.Dense(1))
        assert model.predict(x_train, verbose=0).shape == (600, 1)


@pytest.mark.parametrize("softmax", ["softmax", tf.nn.softmax, keras.activations.softmax])
def test_an_operation_as_activation_is_stable_in_fit(softmax):
    wrong = np.array([[200.0, 0.0]]), np.array([1])
    for stack in ([layers.Dense(2, activation=softmax)], [layers.Dense(2), layers.Activation(softmax)]):
        model = keras.Sequential([keras.Input((2,)), *stack])
        model.set_weights([np.eye(2), np.zeros(2)])
        model.compile(keras.optimizers.SGD(1.0), "sparse_categorical_crossentropy")
        assert model.fit(*wrong, verbose=0).history["loss"] == [200.0]
        np.testing.assert_array_equal(model.get_weights()[1], [-1.0, 1.0])
    assert keras.activations.get(tf.nn.sigmoid) is keras.activations.sigmoid
    assert keras.activations.get(tf.nn.relu) is keras.activations.relu  # the fused layer


def test_seeds_rates_and_names(network, x_train, y_train):
    for bad in (None, "1", 1.5):
        with pytest.raises(ValueError, match="`seed` argument to be an integer"):
            keras.utils.set_random_seed(bad)
    with pytest.raises(ValueError, match="learning rate is NaN"):
        keras.optimizers.SGD(float("nan"))
    optimizer = keras.optimizers.Adam()
    with pytest.raises(ValueError, match="learning rate is NaN"):
        optimizer.learning_rate = np.nan
    names = "accuracy", "accuracy", keras.metrics.sparse_categorical_accuracy, keras.metrics.SparseCategoricalAccuracy()
    model = network(metrics=names)
    history = model.fit(x_train, y_train, verbose=0).history
    accuracies = ["accuracy", "accuracy_1", "sparse_categorical_accuracy", "sparse_categorical_accuracy_1"]
    assert list(history) == sorted([*accuracies, "loss"]) and set(model.metrics_names) == {"loss", *accuracies}
    assert len({history[name][0] for name in accuracies}) == 1
    assert (
        len(model.evaluate(x_train, y_train, verbose=0)) == 7
    )  # as in Keras, once by each metric, once by each other name
    for name in ("sparse_categorical_crossentropy", "categorical_crossentropy", "mean_squared_error"):
        assert getattr(keras.metrics, name) is getattr(keras.losses, name)
