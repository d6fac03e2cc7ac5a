"""keras.callbacks.BackupAndRestore: a training that was stopped continues to the same bits."""

import json
import signal
import sys
from pathlib import Path

import numpy as np
import pytest

from pynn import keras
from pynn.keras import layers
from pynn.keras.saving import state

sys.path.insert(0, str(Path(__file__).parent))

from resumable import MODELS, X, Y, arrays, dataset, endless, generator, model, py_dataset

OPTIMIZERS = [
    "SGD", "RMSprop", "Adam", "AdamW", "Adamax", "Nadam", "Adagrad", "Adadelta", "Ftrl", "Lion",
]  # fmt: skip


class Stop(keras.callbacks.Callback):
    """Ctrl-C after a batch of an epoch."""

    def __init__(self, epoch, batch):
        self.epoch, self.batch = epoch, batch

    def on_epoch_begin(self, epoch, logs=None):
        self.now = epoch

    def on_train_batch_end(self, batch, logs=None):
        if (self.now, batch) == (self.epoch, self.batch):
            raise KeyboardInterrupt


def same(made, other):
    optimizers = [(getattr(made, name), getattr(other, name)) for name in ("optimizer", "own") if hasattr(made, name)]
    for a, b in ((made.weights, other.weights), *((p.variables, q.variables) for p, q in optimizers)):
        assert [v.numpy().tobytes() for v in a] == [v.numpy().tobytes() for v in b]


def check(kind, optimizer, data, folder, **options):
    def fit(made, *callbacks):
        return made.fit(**{"validation_data": (X, Y)} | data(), epochs=4, verbose=0, callbacks=callbacks)

    whole = model(kind, optimizer, 1)
    history = fit(whole).history
    first = model(kind, optimizer, 1)
    backup = {"backup_dir": folder, **options}
    with pytest.raises(KeyboardInterrupt):
        fit(first, keras.callbacks.BackupAndRestore(**backup), Stop(2, 1))
    assert (folder / "training_state.npz").exists()
    again = model(kind, optimizer, 2)  # the seed that counts is the one of the state
    found = fit(again, keras.callbacks.BackupAndRestore(**backup))
    same(again, whole)
    assert found.epoch == [2, 3]
    assert found.history == {name: values[-2:] for name, values in history.items()}
    assert again._initial_epoch == 2


@pytest.mark.parametrize("kind", [kind for kind in MODELS if kind != "own step"])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_the_same_bits(kind, optimizer, tmp_path):
    check(kind, optimizer, arrays, tmp_path / "backup")
    assert not (tmp_path / "backup").exists()


def test_a_later_fit_begins_at_the_beginning(tmp_path):
    made = model("built", "sgd", 1)
    backup = keras.callbacks.BackupAndRestore(tmp_path / "b", delete_checkpoint=False)
    made.fit(X, Y, epochs=2, verbose=0, callbacks=[backup])
    assert made.fit(X, Y, epochs=2, verbose=0).epoch == [0, 1]
    assert made.fit(X, Y, epochs=2, verbose=0, callbacks=[backup]).epoch == []  # all done
    assert made.fit(X, Y, epochs=3, verbose=0, callbacks=[backup]).epoch == [2]
    assert [path.name for path in (tmp_path / "b").iterdir()] == ["training_state.npz"]


def test_a_run_that_was_done_ends_with_the_averages_again(tmp_path):
    """As in Keras, where fit ends with them also after no epoch; without epochs it does not."""
    made = model("built", keras.optimizers.SGD(0.1, use_ema=True), 1)
    made.fit(X, Y, epochs=0, verbose=0)
    backup = keras.callbacks.BackupAndRestore(tmp_path, delete_checkpoint=False)
    made.fit(X, Y, epochs=2, verbose=0, callbacks=[backup])
    found = made.get_weights()
    assert made.fit(X, Y, epochs=2, verbose=0, callbacks=[backup]).epoch == []
    for w, value in zip(made.get_weights(), found, strict=True):
        np.testing.assert_array_equal(w, value)


def counting(folder):
    """Callbacks that count, and change what is trained: each epoch's rate, at last the weights, or when it ends."""
    return [
        keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.9),
        keras.callbacks.ReduceLROnPlateau("loss", 0.5, patience=2, min_delta=10, cooldown=1),
        keras.callbacks.EarlyStopping("loss", min_delta=0.01, patience=3, restore_best_weights=True),
        keras.callbacks.ModelCheckpoint(folder / "best.npz", "accuracy", save_best_only=True, save_weights_only=True),
        keras.callbacks.ModelCheckpoint(folder / "third.npz", save_freq=3, save_weights_only=True),
        keras.callbacks.CSVLogger(folder / "log.csv", append=True),
    ]


def ema():
    return keras.optimizers.SGD(0.3, momentum=0.9, use_ema=True, ema_overwrite_frequency=3)


def accumulating():
    return keras.optimizers.Adam(0.05, gradient_accumulation_steps=3)


@pytest.mark.parametrize("save_freq", ["epoch", 2])
@pytest.mark.parametrize(
    ("kind", "optimizer", "data"),
    [
        ("built", ema, arrays), ("built", accumulating, dataset), ("not built", ema, endless),
        ("subclass", accumulating, generator), ("own step", ema, arrays), ("built", ema, py_dataset),
    ],
)  # fmt: skip
def test_wherever_it_is_stopped(kind, optimizer, data, save_freq, tmp_path, monkeypatch):
    """Twice, in any batch of any epoch, with callbacks that count; what they write is the same, too."""
    monkeypatch.setattr("os.fsync", lambda descriptor: None)  # slow, and only for machines that crash

    def fit(folder, seed, *stops):
        (folder := tmp_path / folder).mkdir(exist_ok=True)
        made = model(kind, optimizer(), seed)  # the seed that counts is the state's
        backup = keras.callbacks.BackupAndRestore(folder / "backup", save_freq)
        given = {"epochs": 7, "verbose": 0, "callbacks": [backup, *counting(folder), *stops]}
        try:
            made.fit(**{"validation_data": (X, Y)} | data(), **given)
        except KeyboardInterrupt:
            return None
        weights = [v.numpy().tobytes() for v in (*made.weights, *made.optimizer.variables)]
        files = {path.name: path.read_bytes() for path in folder.iterdir()}
        return weights, files, made.history.history

    weights, files, history = fit("whole", 1)
    epochs = len(history["loss"])
    assert sorted(files) == ["best.npz", "log.csv", "third.npz"] and len(set(history["learning_rate"])) == epochs
    for epoch, batch in ((0, 1), (1, 0), (2, 2), (epochs - 1, 1)):
        folder = f"{epoch} {batch}"
        assert fit(folder, 1, Stop(epoch, batch)) is None
        assert epoch == epochs - 1 or fit(folder, 2 if epoch else 1, Stop(epoch + 1, 1)) is None
        found = fit(folder, 3)
        assert found[0] == weights and found[1] == files
        for name, values in found[2].items():
            assert values == history[name][-len(values) :]


class Remarks(keras.callbacks.LambdaCallback):
    """What it adds to the logs is no number."""

    def on_train_batch_end(self, batch, logs=None):
        logs["remark"] = self


class Foreign:
    """As in Keras, a callback only has to have the methods."""

    def __getattr__(self, name):
        if not name.startswith(("on_", "set_")):
            raise AttributeError(name)
        return lambda *args, **kwargs: None


def test_arrays_in_metrics_and_callbacks_of_ones_own(tmp_path):
    def fit(*callbacks, metrics=("mae", "r2_score")):
        keras.utils.set_random_seed(1)
        made = keras.Sequential([keras.Input((10,)), layers.Dense(1)])
        made.compile("adam", "mse", metrics=list(metrics))
        backup = keras.callbacks.BackupAndRestore(tmp_path / "backup", 2)
        return made.fit(X, Y, 16, epochs=2, verbose=0, callbacks=[backup, Remarks(), Foreign(), *callbacks]).history

    whole = fit()
    with pytest.raises(KeyboardInterrupt):
        fit(Stop(1, 2))
    with pytest.raises(ValueError, match=r"training_state\.npz has 3 metrics, not 2: remove it to begin anew"):
        fit(metrics=["mae"])
    assert fit() == {name: values[1:] for name, values in whole.items()}


def test_notes_take_each_array_once(tmp_path):
    """A short text could name one many times, and each would be read."""
    made = keras.Sequential([keras.Input((2,)), layers.Dense(2)])
    state.save(made, tmp_path / "a.npz", {"a": [np.ones(3)]})
    assert list(state.restore(made, tmp_path / "a.npz")["a"][0]) == [1, 1, 1]
    with np.load(tmp_path / "a.npz") as file:
        text, arrays = json.loads(file[state.NOTES].tobytes()), dict(file)
    text["notes"]["a"] *= 2
    np.savez(tmp_path / "a.npz", **arrays | {state.NOTES: np.frombuffer(json.dumps(text).encode(), np.uint8)})
    with pytest.raises(ValueError, match=r"training\.json/"):
        state.restore(made, tmp_path / "a.npz")


def test_notes_are_not_unpacked(tmp_path):
    """JSON takes many times its size when it is parsed, and text that repeats is packed to nearly nothing."""
    model = keras.Sequential([keras.Input((2,)), layers.Dense(2)])
    state.save(model, tmp_path / "a.npz", {})
    with np.load(tmp_path / "a.npz") as file:
        arrays = dict(file) | {state.NOTES: np.frombuffer(b"[" + b"[]," * 2**20 + b"[]]", np.uint8)}
    np.savez_compressed(tmp_path / "a.npz", **arrays)
    for read in (state.read, lambda path: state.restore(model, path)):
        with pytest.raises(ValueError, match=r"its training\.json unpacks to 3,145,732 bytes"):
            read(tmp_path / "a.npz")


def test_the_state_before_where_the_last_one_is_damaged(tmp_path, monkeypatch):
    check("built", "adam", arrays, tmp_path / "a", double_checkpoint=True)
    first = model("built", "adam", 1)
    backup = {"backup_dir": tmp_path / "b", "double_checkpoint": True}
    with pytest.raises(KeyboardInterrupt):
        first.fit(**arrays(), epochs=4, verbose=0, callbacks=[keras.callbacks.BackupAndRestore(**backup), Stop(2, 1)])
    last = tmp_path / "b" / "training_state.npz"
    last.write_bytes(last.read_bytes()[:500])
    with pytest.raises(KeyboardInterrupt), monkeypatch.context() as patch:
        patch.setattr(np, "savez", lambda *args, **kwargs: signal.raise_signal(signal.SIGINT))  # before it writes
        model("built", "adam", 1).fit(
            **arrays(), epochs=4, verbose=0, callbacks=[keras.callbacks.BackupAndRestore(**backup)]
        )
    again = model("built", "adam", 1)
    found = again.fit(**arrays(), epochs=4, verbose=0, callbacks=[keras.callbacks.BackupAndRestore(**backup)])
    assert found.epoch == [1, 2, 3]
    whole = model("built", "adam", 1)
    whole.fit(**arrays(), epochs=4, verbose=0)
    same(again, whole)


def test_what_is_not_of_this_training(tmp_path):
    backup = keras.callbacks.BackupAndRestore(tmp_path, delete_checkpoint=False)
    model("built", "adam", 1).fit(X, Y, epochs=1, verbose=0, callbacks=[backup])
    for kind, optimizer in (("built", "sgd"), ("subclass", "adam")):
        made = model(kind, optimizer, 1)
        with pytest.raises(ValueError, match=r"training_state\.npz does not fit this training .*remove it"):
            made.fit(X, Y, epochs=2, verbose=0, callbacks=[backup])
    path = tmp_path / "training_state.npz"
    for damaged in (b"", path.read_bytes()[:300]):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match="remove it to begin anew"):
            model("built", "adam", 1).fit(X, Y, epochs=2, verbose=0, callbacks=[backup])
    np.savez(path, a=np.ones(3, np.float32))
    with pytest.raises(ValueError, match="holds no state of a training"):
        model("built", "adam", 1).fit(X, Y, epochs=2, verbose=0, callbacks=[backup])


def test_a_state_asks_for_no_more_weights_than_it_holds(tmp_path):
    backup = keras.callbacks.BackupAndRestore(tmp_path, delete_checkpoint=False)
    model("not built", "adam", 1).fit(X, Y, epochs=1, verbose=0, callbacks=[backup])
    with np.load(tmp_path / "training_state.npz") as file:
        arrays = dict(file)
    text = json.loads(arrays["training.json"].tobytes())
    text["build"]["input_shape"] = [None, 10**12]
    arrays["training.json"] = np.frombuffer(json.dumps(text).encode(), np.uint8)
    np.savez(tmp_path / "training_state.npz", **arrays)
    with pytest.raises(ValueError, match="asks for more weights than the"):
        model("not built", "adam", 1).fit(X, Y, epochs=2, verbose=0, callbacks=[backup])


def test_bad_arguments_and_others_files(tmp_path):
    with pytest.raises(ValueError, match="Empty `backup_dir`"):
        keras.callbacks.BackupAndRestore("")
    for bad in ("batch", 0, -1, 1.5, True, False):
        with pytest.raises(ValueError, match="save_freq"):
            keras.callbacks.BackupAndRestore(tmp_path, save_freq=bad)
    (tmp_path / "mine.txt").write_text("mine")
    model("built", "sgd", 1).fit(X, Y, epochs=1, verbose=0, callbacks=[keras.callbacks.BackupAndRestore(tmp_path)])
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
