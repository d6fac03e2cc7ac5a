"""The TensorBoard callback and tf.summary, read back from the files and from TensorBoard's own server."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request

import numpy as np
import pytest
from PIL import Image
from tensorboard.backend.event_processing.event_file_loader import EventFileLoader
from tensorboard.util.tensor_util import make_ndarray

import pynn as tf
from pynn import keras, summary
from pynn.support.extras import install

LIMIT = 120  # seconds: a server that says nothing for so long has failed
SIZE = 150  # of a batch: 4 batches in an epoch

# The tags that Keras 3.15 writes in two epochs of 4 batches, with a validation, and their steps; but for "keras",
# the model's configuration. With update_freq=3 it leaves out the epochs' values, unless their last batch is due.
EPOCHS = {f"epoch_{name}": [0, 1] for name in ("accuracy", "loss", "learning_rate")}
WEIGHTS = ("sequential/hidden/kernel", "sequential/hidden/bias", "sequential/out/kernel", "sequential/out/bias")
VALIDATION = {
    **{f"epoch_{name}": [0, 1] for name in ("accuracy", "loss")},
    **{f"evaluation_{name}_vs_iterations": [4, 8] for name in ("accuracy", "loss")},
}


@pytest.fixture
def fit(x_train, y_train):
    """fit(callbacks, **options): a model called "sequential", trained for two epochs."""

    def run(*callbacks, epochs=2, **options):
        hidden = keras.layers.Dense(3, activation="relu", name="hidden")
        model = keras.Sequential(
            [keras.Input((64,)), hidden, keras.layers.Dense(10, activation="softmax", name="out")], name="sequential"
        )
        model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
        options = {"validation_data": (x_train, y_train)} | options
        model.fit(x_train, y_train, SIZE, epochs, 0, callbacks, **options)
        return model

    return run


def events(folder):
    """{tag: [(step, array), ...]} of the files in a folder."""
    found = {}
    for file in sorted(folder.glob("events.out.tfevents.*")):
        for event in EventFileLoader(str(file)).Load():
            for value in event.summary.value:
                found.setdefault(value.tag, []).append((event.step, make_ndarray(value.tensor)))
    return found


def steps(folder):
    return {tag: [step for step, _ in points] for tag, points in events(folder).items()}


@pytest.fixture
def server():
    """server(logdir): asks TensorBoard's own program, in a process of its own, for what it reads there."""
    started = []

    def start(logdir):
        command = [sys.executable, "-m", "tensorboard.main", "--logdir", str(logdir), "--load_fast", "false"]
        process = subprocess.Popen(
            [*command, "--host", "127.0.0.1", "--port", "0", "--reload_interval", "1"],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        started.append(process)
        said, address = [], None
        watch = threading.Timer(LIMIT, process.kill)
        watch.start()
        for line in process.stderr:
            said.append(line)
            if address := re.search(r"http://127\.0\.0\.1:\d+/", line):
                break
        watch.cancel()
        assert address, "".join(said)
        threading.Thread(target=process.stderr.read, daemon=True).start()  # so that it never waits for a reader

        def ask(route, **query):
            url = f"{address[0]}data/{route}?{urllib.parse.urlencode(query)}"
            with urllib.request.urlopen(url, timeout=LIMIT) as answer:
                body = answer.read()
                return json.loads(body) if "json" in answer.headers["Content-Type"] else body

        return ask

    yield start
    for process in started:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def test_tensorboard_shows_what_fit_wrote(tmp_path, server, fit):
    history = {}

    class Keep(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            history[epoch] = dict(logs), [w.copy() for w in self.model.get_weights()]

    fit(keras.callbacks.TensorBoard(tmp_path, histogram_freq=1, write_images=True), Keep())
    ask, until = server(tmp_path), time.monotonic() + LIMIT
    while not {"train", "validation"} <= set(tags := ask("plugin/scalars/tags")) and time.monotonic() < until:
        time.sleep(0.2)
    assert {run: set(names) for run, names in tags.items()} == {"train": set(EPOCHS), "validation": set(VALIDATION)}
    for run, before in (("train", ""), ("validation", "val_")):
        for name in ("accuracy", "loss"):
            points = ask("plugin/scalars/scalars", run=run, tag=f"epoch_{name}")
            assert [step for _, step, _ in points] == [0, 1]
            values = [history[epoch][0][before + name] for epoch in (0, 1)]
            assert [value for _, _, value in points] == [np.float32(v) for v in values]
    points = ask("plugin/scalars/scalars", run="validation", tag="evaluation_loss_vs_iterations")
    assert [step for _, step, _ in points] == [4, 8]
    assert ask("plugin/scalars/scalars", run="train", tag="epoch_learning_rate")[1][2] == np.float32(0.01)

    assert set(ask("plugin/histograms/tags")["train"]) == {f"{w}/histogram" for w in WEIGHTS}
    for i, weight in enumerate(WEIGHTS):
        points = ask("plugin/histograms/histograms", run="train", tag=f"{weight}/histogram")
        assert [step for _, step, _ in points] == [0, 1]
        for epoch, (_, _, buckets) in enumerate(points):
            w = history[epoch][1][i].astype(np.float64)
            counts, edges = np.histogram(w, 30)
            assert np.array(buckets).shape == (30, 3)
            np.testing.assert_allclose([b[0] for b in buckets], edges[:-1], rtol=1e-6)
            np.testing.assert_allclose(buckets[-1][1], w.max(), rtol=1e-6)
            assert sum(b[2] for b in buckets) == w.size and abs(np.array(buckets)[:, 2] - counts).sum() <= 4  # at edges

    image = ask("plugin/images/images", run="train", tag=f"{WEIGHTS[0]}/image", sample=0)[1]
    picture = Image.open(io.BytesIO(ask(f"plugin/images/individualImage?{image['query']}")))
    w = np.clip(history[1][1][0].T.astype(np.float64), 0, 1)
    assert picture.size == (64, 3) and picture.mode == "L"
    np.testing.assert_allclose(np.asarray(picture), np.minimum(w * 255.5, 255), rtol=0, atol=1.001)  # cut to integers


def test_tags_and_steps_are_those_of_keras(tmp_path, fit):
    fit(keras.callbacks.TensorBoard(tmp_path / "epoch", histogram_freq=1))
    histograms = {f"{w}/histogram": [0, 1] for w in WEIGHTS}
    assert steps(tmp_path / "epoch/train") == EPOCHS | histograms
    assert steps(tmp_path / "epoch/validation") == VALIDATION

    fit(keras.callbacks.TensorBoard(tmp_path / "batch", update_freq="batch", write_steps_per_second=True))
    batches = {f"batch_{name}": [*range(1, 9)] for name in ("accuracy", "loss", "steps_per_second")}
    assert steps(tmp_path / "batch/train") == EPOCHS | batches | {"epoch_steps_per_second": [0, 1]}
    assert steps(tmp_path / "batch/validation") == VALIDATION
    assert all(value > 0 for _, value in events(tmp_path / "batch/train")["epoch_steps_per_second"])

    fit(keras.callbacks.TensorBoard(tmp_path / "third", update_freq=3), validation_data=None)
    assert steps(tmp_path / "third/train") == EPOCHS | {f"batch_{name}": [3, 6] for name in ("accuracy", "loss")}
    assert not (tmp_path / "third/validation").exists()

    fit(keras.callbacks.TensorBoard(tmp_path / "some", histogram_freq=2, write_graph=False), epochs=4)
    assert steps(tmp_path / "some/train")[f"{WEIGHTS[0]}/histogram"] == [0, 2]


def test_weights_of_layers_inside_layers_have_tags_of_their_own(tmp_path, x_train, y_train):
    class Block(keras.layers.Layer):
        def __init__(self):
            super().__init__(name="block")
            self.one, self.two = keras.layers.Dense(4, name="one"), keras.layers.Dense(10, name="two")

        def call(self, inputs):
            return self.two(self.one(inputs))

    model = keras.Sequential([Block()], name="sequential")
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(x_train, y_train, verbose=0, callbacks=[keras.callbacks.TensorBoard(tmp_path, histogram_freq=1)])
    found = [tag for tag in steps(tmp_path / "train") if tag.endswith("/histogram")]
    assert found == [f"sequential/block/{n}/{w}/histogram" for n in ("one", "two") for w in ("kernel", "bias")]


def test_tags_of_weights_are_their_paths(tmp_path, x_train, y_train):
    """As in Keras: the layers of a graph are built outside of its model, whose name is no part of their paths."""
    inputs = keras.Input((64,))
    model = keras.Model(inputs, keras.layers.Dense(10, name="out")(inputs), name="graph")
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(x_train, y_train, verbose=0, callbacks=[keras.callbacks.TensorBoard(tmp_path, histogram_freq=1)])
    tags = [tag for tag in steps(tmp_path / "train") if tag.endswith("/histogram")]
    assert tags == [f"{v.path}/histogram" for v in model.weights] == ["out/kernel/histogram", "out/bias/histogram"]


def test_scalars_of_ones_own_join_the_batches(tmp_path, fit):
    class Mine(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            written.append(summary.scalar("mine", batch))

    written = []
    board = keras.callbacks.TensorBoard(tmp_path, update_freq=2)
    fit(board, Mine())
    assert written == [False, True] * 4
    assert [(step, float(v)) for step, v in events(tmp_path / "train")["mine"]] == [(2, 1), (4, 3), (6, 1), (8, 3)]
    assert not summary.scalar("mine", 1.0, step=1)  # nowhere, after fit


def test_an_interrupt_loses_nothing(tmp_path, fit):
    class Interrupt(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            raise KeyboardInterrupt

    board = keras.callbacks.TensorBoard(tmp_path, update_freq="batch")
    with pytest.raises(KeyboardInterrupt):
        fit(board, Interrupt())
    fit(board)
    assert steps(tmp_path / "train")["batch_loss"] == [1, *range(1, 9)]
    assert not summary.scalar("mine", 1.0, step=1)


def test_refusals(tmp_path, monkeypatch):
    for options, word in (
        ({"profile_batch": 2}, "profiler"), ({"profile_batch": (1, 3)}, "profiler"),
        ({"embeddings_freq": 1}, "projector"), ({"embeddings_metadata": {}}, "projector"),
        ({"update_freq": "often"}, "update_freq"), ({"update_freq": 0}, "update_freq"),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=word):
            keras.callbacks.TensorBoard(tmp_path, **options)
    keras.callbacks.TensorBoard(tmp_path, profile_batch=None)
    with pytest.raises(TypeError):
        keras.callbacks.TensorBoard(tmp_path, write_grads=True)
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    with pytest.raises(ImportError, match=re.escape(install("tensorboard"))):
        keras.callbacks.TensorBoard(tmp_path)
    with pytest.raises(ImportError, match=re.escape(install("tensorboard"))):
        summary.create_file_writer(tmp_path)
    assert not any(tmp_path.iterdir())


def test_summary(tmp_path):
    assert not summary.scalar("a", 1.0) and not summary.should_record_summaries()
    writer = summary.create_file_writer(tmp_path)
    with writer.as_default() as same:
        assert same is writer and summary.should_record_summaries()
        with pytest.raises(ValueError, match="No step set"):
            summary.scalar("a", 1.0)
        assert summary.scalar("a", tf.constant(0.1), step=tf.Variable(3))
        assert summary.scalar("a", True, step=np.int64(4))
        for wrong, error in (([1.0], ValueError), ([1.0, 2.0], ValueError)):
            with pytest.raises(error):
                summary.scalar("a", wrong, step=0)
        with pytest.raises(TypeError):
            summary.scalar("a", 1.0, step=2.5)
        assert summary.histogram("h", tf.constant([[1.0, 2.0], [4.0, 4.0]]), 5, buckets=3)
        assert summary.histogram("same", np.full(7, 2), step=0) and summary.histogram("none", [], step=0)
        assert summary.text("t", "**bold**", step=0)
        with summary.record_if(False):
            assert not summary.scalar("never", 1.0, step=0)
        with summary.record_if(lambda: True):
            assert summary.scalar("b", 2, step=0)
    with writer.as_default(step=5):
        assert summary.scalar("a", 5.0) and summary.scalar("a", 7.0, step=7)
        with writer.as_default():
            assert summary.scalar("a", 5.5)
    assert not summary.scalar("a", 1.0, step=1)
    found = events(tmp_path)
    assert [step for step, _ in found["a"]] == [3, 4, 5, 7, 5]
    assert [float(v) for _, v in found["a"]] == [np.float32(0.1), 1, 5, 7, 5.5]
    assert found["a"][0][1].dtype == np.float32
    np.testing.assert_allclose(found["h"][0][1], [[1, 2, 1], [2, 3, 1], [3, 4, 2]])
    assert found["same"][0][1][-1].tolist() == [2, 2, 7] and found["none"][0][1].shape == (30, 3)
    assert found["t"][0][1].item() == b"**bold**" and "never" not in found and "b" in found


def test_images(tmp_path):
    writer = summary.create_file_writer(str(tmp_path))
    grey, colour = np.linspace(-0.5, 1.5, 12).reshape(1, 3, 4, 1), np.arange(5 * 2 * 2 * 3, dtype=np.uint8)
    with writer.as_default(0):
        assert summary.image("grey", grey.astype(np.float32)) and summary.image("colour", colour.reshape(5, 2, 2, 3))
        with pytest.raises(ValueError, match="rank 4"):
            summary.image("x", grey[0])
        with pytest.raises(TypeError, match="uint8"):
            summary.image("x", np.ones((1, 2, 2, 1), np.int32))
    found = {tag: points[0][1] for tag, points in events(tmp_path).items()}
    assert [*found] == ["grey", "colour"] and found["grey"][:2].tolist() == [b"4", b"3"]
    assert len(found["colour"]) == 2 + 3  # width, height, and max_outputs images
    picture = np.asarray(Image.open(io.BytesIO(found["grey"][2])))
    np.testing.assert_array_equal(
        picture, np.clip(grey[0, :, :, 0] * 255.5, 0, 255).astype(np.float32).astype(np.uint8)
    )
    np.testing.assert_array_equal(Image.open(io.BytesIO(found["colour"][3])), colour[12:24].reshape(2, 2, 3))


def test_a_closed_writer(tmp_path):
    writer = summary.create_file_writer(tmp_path, max_queue=1, flush_millis=1000, filename_suffix=".mine")
    writer.init()
    writer.set_as_default(step=1)
    try:
        summary.scalar("a", 1.0)
        summary.flush()
        assert steps(tmp_path) == {"a": [1]}
    finally:
        summary._default.writer = summary._default.step = None
    writer.close()
    writer.close()
    writer.flush()
    for use in (writer.set_as_default, lambda: writer.as_default().__enter__()):
        with pytest.raises(RuntimeError, match="already closed"):
            use()
    assert [file.name.endswith(".mine") for file in tmp_path.iterdir()] == [True]


def test_a_program_that_never_closes_loses_nothing(tmp_path):
    program = (
        f"from pynn import summary as s; s.create_file_writer({str(tmp_path)!r}).set_as_default(); s.scalar('a', 1, 2)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=LIMIT, cwd=tmp_path)
    assert steps(tmp_path) == {"a": [2]}
