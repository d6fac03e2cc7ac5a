"""Streams of batches: errors, and streams that end early. Values: test_against_keras.py."""

from __future__ import annotations

import itertools
import threading
import time

import numpy as np
import pytest

import pynn as tf
from pynn import keras

X, Y = np.ones((8, 3), np.float32), np.ones((8, 1), np.float32)


@pytest.fixture
def model():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["mae"])
    return model


def data(rows=8):
    return tf.data.Dataset.from_tensor_slices((X[:rows], Y[:rows])).batch(3)


class Numbered(keras.utils.PyDataset):
    def __len__(self):
        return 2

    def __getitem__(self, index):
        return X[:4], Y[:4]


@pytest.mark.parametrize("make", [data, Numbered, lambda: iter([(X, Y)])])
@pytest.mark.parametrize("more", [{"y": Y}, {"sample_weight": np.ones(8)}, {"validation_split": 0.5}])
def test_what_does_not_go_with_a_stream(make, more, model):
    with pytest.raises(ValueError, match=next(iter(more))):
        model.fit(make(), verbose=0, **more)


def test_the_batches_of_a_stream_are_its_own(model):
    with pytest.warns(UserWarning, match="`batch_size` changes nothing"):
        history = model.fit(data(), batch_size=3, verbose=0)
    assert history.params["steps"] == int(data().cardinality())


@pytest.mark.filterwarnings("ignore:Your input has run out of data")
def test_nothing_there(model):
    for use in (model.evaluate, model.predict):
        for empty in (data(0), iter(())):
            with pytest.raises(ValueError, match="no batch"):
                use(empty, verbose=0)
    with pytest.warns(UserWarning, match="run out of data"):
        assert model.fit(data(0), verbose=0).history == {}


@pytest.mark.filterwarnings("error")
def test_a_batch_of_no_rows_changes_nothing():
    """Neither the weights nor the mean of the losses, those of the outputs included, as in Keras."""
    found = []
    for sizes in ([4, 0, 4], [4, 4]):
        inputs = keras.Input((3,))
        model = keras.Model(inputs, [keras.layers.Dense(1, kernel_initializer="ones")(inputs) for _ in range(2)])
        model.compile("sgd", ["mse", "mae"], metrics=[["mae"], []])
        batches = [(X[:n], [Y[:n], Y[:n]]) for n in sizes]
        found.append([model.fit(iter(batches), verbose=0).history, model.evaluate(iter(batches), verbose=0)])
        found[-1] += [w.tolist() for w in model.get_weights()]
    assert list(found[0][0].values()) == list(found[1][0].values()) and found[0][1:] == found[1][1:]


def test_batches_of_a_wrong_form(model):
    with pytest.raises(ValueError, match="in format"):
        model.fit(iter([(X, Y, Y, Y)]), verbose=0)
    with pytest.raises(ValueError, match="no targets"):
        model.fit(iter([X]), verbose=0)
    for steps in (0, -1, 1.5, "2"):
        with pytest.raises(ValueError, match="steps_per_epoch"):
            model.fit(data(), steps_per_epoch=steps, verbose=0)
    with pytest.raises(ValueError, match="at the same time"):
        model.fit(data().map(lambda x, y: (x, y, y)), class_weight={1: 2.0}, verbose=0)


def test_an_error_in_the_stream_leaves_the_model_usable(model):
    def failing():
        yield X, Y
        raise OSError("disk")

    with pytest.raises(OSError, match="disk"):
        model.fit(failing(), verbose=0)
    assert len(model.fit(data(), epochs=2, verbose=0).history["loss"]) == 2


class Noted(keras.utils.PyDataset):
    """Batches that note who asked for them, with what options."""

    def __init__(self, batches=6, **options):
        super().__init__(**options)
        self.batches, self.calls, self.threads = batches, [], set()

    def __len__(self):
        return self.batches

    def __getitem__(self, index):
        if index == 99:
            raise KeyError("no such batch")
        self.threads.add(threading.current_thread().name)
        time.sleep(0.005)
        return X[: index + 1], Y[: index + 1]

    def on_epoch_begin(self):
        self.calls.append("begin")

    def on_epoch_end(self):
        self.calls.append("end")


def test_a_pydataset_is_told_of_its_epochs(model):
    train, validation = Noted(), Noted()
    model.fit(train, epochs=2, validation_data=validation, verbose=0)
    assert train.calls == validation.calls == ["begin", "end"] * 2
    model.predict(train, verbose=0)
    assert train.calls == ["begin", "end"] * 3


@pytest.mark.parametrize(("workers", "queue"), [(1, 3), (4, 3), (4, 0)])
def test_workers_make_the_same_batches(model, workers, queue):
    dataset = Noted(workers=workers, max_queue_size=queue)
    found = model.predict(dataset, verbose=0)
    np.testing.assert_array_equal(found, model.predict(Noted(), verbose=0))
    here = threading.current_thread().name in dataset.threads
    assert here == (workers == 1 or queue == 0) and len(dataset.threads) <= 3
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("map")]


def test_what_a_pydataset_refuses(model):
    with pytest.raises(ValueError, match="workers=n without use_multiprocessing"):
        Noted(use_multiprocessing=True)
    for bad in ({"workers": -1}, {"workers": 1.5}, {"max_queue_size": -1}):
        with pytest.raises(ValueError, match=next(iter(bad))):
            Noted(**bad)
    with pytest.raises(ValueError, match="length 0"):
        model.fit(Noted(0), verbose=0)
    with pytest.raises(ValueError, match="generator is empty"):
        model.fit(iter(()), epochs=2, verbose=0)

    class Broken(Noted):
        def __getitem__(self, index):
            return super().__getitem__(99 if index == 3 else index)

    for workers in (1, 3):
        with pytest.raises(KeyError, match="no such batch"):
            model.fit(Broken(workers=workers), verbose=0)


@pytest.mark.parametrize("workers", [0, 1, 2])
def test_a_pydataset_may_say_num_batches(model, workers):
    class Counted(keras.utils.PyDataset):
        count = 2

        @property
        def num_batches(self):
            return self.count

        def __getitem__(self, i):
            return X * i, Y

    data = Counted(workers=workers)
    assert len(model.predict(data, verbose=0)) == 16 and [float(x[0, 0]) for x, _ in data] == [0, 1]
    data.count = None  # without an end
    assert [float(x[0, 0]) for x, _ in itertools.islice(data, 4)] == [0, 1, 2, 3]
    assert len(model.predict(data, steps=5, verbose=0)) == 40
    assert len(model.fit(data, epochs=2, steps_per_epoch=3, verbose=0).epoch) == 2
