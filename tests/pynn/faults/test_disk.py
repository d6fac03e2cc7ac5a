"""A disk that is full, read-only or broken: one line names the file and says why; the old file stays, and the model."""

from __future__ import annotations

import errno
import os
import shutil
from itertools import count, cycle, repeat

import numpy as np
import pytest
from faulty import fails, forked, kill
from writers import WRITERS, model

from pynn import keras

ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO)


@pytest.mark.parametrize("name", [name for name in WRITERS if name != "numbers.npz"])
def test_a_file_that_cannot_be_written(name, tmp_path):
    path, (write, read) = tmp_path / name, WRITERS[name]
    write(path, 1)
    size = path.stat().st_size
    write(path, 0)
    old = path.read_bytes()

    def tried():
        try:
            write(path, 1)
        except OSError as error:
            return error.errno, str(error)
        finally:
            assert model(1).predict(model(1).get_weights()[0].T, verbose=0).shape == (300, 4)

    def check(number, ended):
        assert ended == (0, (number, f"[Errno {number}] {os.strerror(number)}: '{path}'"))
        assert path.read_bytes() == old

    for step, number in zip(count(1), cycle(ERRORS)):
        ended = forked(tried, tmp_path, step, fails(number))
        if ended.value is None:  # from here on it does not matter: the new file has the name
            break
        check(number, ended)
        write(path, 0)
        assert [p.name for p in tmp_path.iterdir()] == [name]
        path.write_bytes(old)
    assert step > 4 and read(path) == 1
    path.write_bytes(old)
    for most in (0, 1, 100, size // 2, size - 1):
        check(errno.EFBIG, forked(tried, most=most, fault=fails(errno.EFBIG)))
        assert [p.name for p in tmp_path.iterdir()] == [name]


def test_train_says_what_is_kept_and_goes_on(train, tmp_path):
    folder, kept = tmp_path / "run", set()
    forked(train)
    whole = {path.name: path.read_bytes() for path in folder.iterdir()}
    limits = [{"most": n} for n in (0, 1, 300, *(len(content) - 1 for content in whole.values()))]
    steps = [{"folder": tmp_path, "step": step} for step in range(1, 99, 2)]
    for faulty, number in [*zip(limits, repeat(errno.EFBIG)), *zip(steps, cycle(ERRORS))]:
        shutil.rmtree(folder)
        code, err = forked(train, **faulty, fault=fails(number)).value
        resumable = (folder / "unfinished.npz").exists()
        if code == 0 and "step" in faulty:
            break
        if code:
            assert code == 2 and err.count("\n") == 1 and str(folder) in err, err
            assert os.strerror(number) in err and ("--resume" in err) == resumable, err
            kept.add(resumable)
            assert forked(train).value == (0, "")
        assert {path.name: path.read_bytes() for path in folder.iterdir()} == whole
    assert kept == {True, False}


def test_a_table_that_cannot_be_written(tmp_path):
    """What is cut off in it goes when the training goes on."""
    x, y = np.arange(8, dtype=np.float32)[:, None], np.ones((8, 1), np.float32)

    def fit(folder):
        keras.utils.set_random_seed(0)
        model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
        model.compile("sgd", "mse")
        table = keras.callbacks.CSVLogger(folder / "log.csv", append=True)
        backup = keras.callbacks.BackupAndRestore(folder / "backup")
        try:
            model.fit(x, y, epochs=3, verbose=0, callbacks=[backup, table])
        except OSError as error:
            return str(error)

    for name in ("whole", "cut"):
        (tmp_path / name).mkdir()
    forked(lambda: fit(tmp_path / "whole"))
    whole, table = (tmp_path / "whole" / "log.csv").read_bytes(), tmp_path / "cut" / "log.csv"
    table.symlink_to("/dev/full")
    assert forked(lambda: fit(tmp_path / "cut")).value == f"[Errno 28] No space left on device: '{table}'"
    table.unlink()

    def cut():
        """The third line is cut off in its middle, and the program is gone."""
        flush = keras.callbacks.CSVLogger.on_epoch_end

        def on_epoch_end(self, epoch, logs=None):
            flush(self, epoch, logs)
            if epoch == 2:
                os.truncate(self.filename, len(whole) - 3)
                kill("", None)

        keras.callbacks.CSVLogger.on_epoch_end = on_epoch_end
        fit(tmp_path / "cut")

    assert forked(cut).code < 0
    assert table.read_bytes() == whole[:-3]
    assert forked(lambda: fit(tmp_path / "cut")).value is None
    assert table.read_bytes() == whole
