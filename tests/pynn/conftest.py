"""What several files of tests train on, and how they read the command's errors."""

from __future__ import annotations

import numpy as np
import pytest

from pynn import keras


@pytest.fixture(autouse=True)
def seed():
    """A test draws the same random numbers each time: one that fails fails again."""
    keras.utils.set_random_seed(0)


@pytest.fixture(scope="session")
def y_train():
    """600 labels from 0 to 9, uint8."""
    return np.random.default_rng(0).integers(0, 10, 600).astype(np.uint8)


@pytest.fixture(scope="session")
def images(y_train):
    """Noisy pictures (600, 8, 8) of 10 fixed patterns, uint8: easy to learn."""
    patterns = np.random.default_rng(99).integers(0, 2, (10, 8, 8)) * 160
    return (patterns[y_train] + np.random.default_rng(1).integers(0, 96, (600, 8, 8))).astype(np.uint8)


@pytest.fixture(scope="session")
def x_train(images):
    return images.reshape(-1, 64).astype(np.float32) / 255


@pytest.fixture(scope="session")
def network():
    """network(*layers in the middle, loss, optimizer, metrics): a compiled classifier."""

    def make(*more, loss="sparse_categorical_crossentropy", optimizer="rmsprop", metrics=("accuracy",)):
        first, last = keras.layers.Dense(32, activation="relu"), keras.layers.Dense(10, activation="softmax")
        model = keras.Sequential([first, *more, last])
        model.compile(optimizer=optimizer, loss=loss, metrics=metrics)
        return model

    return make


@pytest.fixture(scope="session")
def digits():
    """60 pictures (60, 28, 28) of ten patterns and noise, and their labels, uint8."""
    rng, labels = np.random.default_rng(0), np.arange(60, dtype=np.uint8) % 10
    return (rng.integers(0, 2, (10, 28, 28))[labels] * 200 + rng.integers(0, 50, (60, 28, 28))).astype(np.uint8), labels


@pytest.fixture(scope="session")
def data(digits, tmp_path_factory):
    """The path of a file with them, 40 to train on and 20 to test."""
    path = tmp_path_factory.mktemp("data") / "digits.npz"
    x, y = digits
    np.savez(path, x_train=x[:40], y_train=y[:40], x_test=x[40:], y_test=y[40:])
    return str(path)


@pytest.fixture
def assert_one_line(capsys):
    """assert_one_line("train", *words): nothing was printed but one line, that command's error with these words."""

    def check(command, *words):
        out, err = capsys.readouterr()
        assert err.startswith(f"pynn {command}: error: ") and err.count("\n") == 1, err
        for word in words:
            assert word in err
        assert out == ""

    return check
