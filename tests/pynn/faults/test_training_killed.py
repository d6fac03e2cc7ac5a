"""Trainings that are killed, once and twice, at each step at which they change a file: the next one goes on to the
same bits as one that was never stopped, and leaves the same files.
"""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from faulty import forked, killed

from pynn import keras

rng = np.random.default_rng(0)
X, Y = rng.random((20, 6)).astype(np.float32), rng.integers(0, 3, 20)


def contents(folder):
    """The files, and None for folders."""
    paths = folder.rglob("*") if folder.exists() else ()
    return {p.relative_to(folder).as_posix(): p.read_bytes() if p.is_file() else None for p in paths}


def fit(folder, save_freq):
    """A training that is stopped early, with files of weights, a table and a state; returns all that it ends with."""
    keras.utils.set_random_seed(3)
    layers = [keras.layers.Dense(8, "relu"), keras.layers.Dropout(0.2), keras.layers.Dense(3, "softmax")]
    model = keras.Sequential([keras.Input((6,)), *layers])
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
    folder.mkdir(exist_ok=True)
    if not (folder / "backup" / "training_state.npz").exists():  # it begins, or begins anew
        (folder / "log.csv").unlink(missing_ok=True)
    callbacks = [
        keras.callbacks.BackupAndRestore(folder / "backup", save_freq),
        keras.callbacks.EarlyStopping(min_delta=10, patience=1, restore_best_weights=True),
        keras.callbacks.ModelCheckpoint(folder / "best.npz", save_best_only=True, save_weights_only=True),
        keras.callbacks.CSVLogger(folder / "log.csv", append=True),
    ]
    model.fit(X, Y, 8, 9, verbose=0, validation_split=0.2, callbacks=callbacks)
    return [v.numpy().tobytes() for v in (*model.weights, *model.optimizer.variables)]


@pytest.mark.parametrize("save_freq", ["epoch", 2])
def test_fit_goes_on(save_freq, tmp_path):
    whole, folder = tmp_path / "whole", tmp_path / "killed"
    bits, size = forked(lambda: fit(whole, save_freq)).value, (whole / "best.npz").stat().st_size
    assert sorted(contents(whole)) == ["best.npz", "log.csv"]
    times = 0
    for where in killed(lambda: fit(folder, save_freq), folder, [size], 4, every=3 if save_freq == 2 else 1):
        if times % 3 == 0:  # and while it goes on
            forked(lambda: fit(folder, save_freq), folder, step=times // 3 + 1)
        assert forked(lambda: fit(folder, save_freq)).value == bits, where
        assert contents(folder) == contents(whole), where
        shutil.rmtree(folder)
        times += 1
    assert times > 15


def test_train_resumes(train, tmp_path):
    folder = tmp_path / "run"
    assert forked(train).value == (0, "")
    whole = contents(folder)
    shutil.rmtree(folder)
    times = 0
    for where in killed(train, folder, [len(whole["weights.npz"])], 3):
        if times % 3 == 0:
            forked(train, folder, step=times // 3 + 1)
        assert forked(train).value == (0, ""), where
        assert contents(folder) == whole, where
        shutil.rmtree(folder)
        times += 1
    assert times > 30
