"""Streams of batches: what is refused and what runs out; test_against_keras compares the numbers with Keras's."""

from __future__ import annotations

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


def test_nothing_there(model):
    for use in (model.evaluate, model.predict):
        for empty in (data(0), iter(())):
            with pytest.raises(ValueError, match="no batch"):
                use(empty, verbose=0)
    with pytest.warns(UserWarning, match="run out of data"):
        assert model.fit(data(0), verbose=0).history == {}


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
