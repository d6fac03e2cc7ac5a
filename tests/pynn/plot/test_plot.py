"""Figures are checked by what they hold: the pixels of the sheet, the captions, the curves."""

import io
import re
import subprocess
import sys
import types

import numpy as np
import pytest
from PIL import Image

import pynn as tf
from pynn import plot
from pynn.support.extras import install

X = np.random.default_rng(0).integers(1, 256, (7, 4, 4), np.uint8)
X[0, 0, 0] = 0


def sheet(figure):
    return np.asarray(figure.axes[0].images[0].get_array())


def captions(figure):
    return [text.get_text() for text in figure.axes[0].texts] if figure.axes else []


@pytest.mark.parametrize("images", [X, X[..., None], X.reshape(7, 16), X / 255])
def test_digits_shows_every_pixel_in_order(images):
    figure = plot.digits(images, list("abcdefg"), columns=3)
    assert captions(figure) == list("abcdefg")
    head, tall, wide = 2, 4 + 2 + 1, 4 + 1
    got = sheet(figure)
    assert got.shape == (3 * tall, 3 * wide)
    for i in range(7):
        y, x = i // 3 * tall + head, i % 3 * wide
        np.testing.assert_array_equal(got[y : y + 4, x : x + 4], images[i].reshape(4, 4))
    assert got.sum() == pytest.approx(images.sum())  # the gaps hold the background


def test_digits_without_labels_and_saved(tmp_path):
    figure = plot.digits(X[:2], path=tmp_path / "d.png")
    assert captions(figure) == []
    with Image.open(tmp_path / "d.png") as picture:
        assert picture.size == tuple(int(n * figure.dpi) for n in figure.get_size_inches())
        assert picture.convert("L").getextrema() == (0, 255)


LABELS = np.array([0, 1, 2, 0, 1, 2, 0])
P = np.full((7, 3), 0.1)
P[np.arange(7), [0, 2, 2, 1, 1, 0, 2]] = [0.8, 0.7, 0.8, 0.9, 0.8, 0.75, 0.8]


def test_predictions_frames_the_wrong_ones():
    figure = plot.predictions(tf.constant(X), tf.constant(LABELS), tf.constant(P), columns=4)
    (axes,) = figure.axes
    assert captions(figure) == [
        *("0 > 0  80%", "1 > 2  70%", "2 > 2  80%", "0 > 1  90%"),
        *("1 > 1  80%", "2 > 0  75%", "0 > 2  80%"),
    ]
    assert figure.get_suptitle() == "4 of 7 misclassified, framed\ntrue > predicted, its probability"
    wrong = [1, 3, 5, 6]
    assert [text.get_weight() == "bold" for text in axes.texts] == [i in wrong for i in range(7)]
    head, tall, wide = 2, 4 + 2 + 1, 4 + 1
    corners = {(i % 4 * wide - 0.5, i // 4 * tall + head - 0.5) for i in wrong}
    assert {frame.get_xy() for frame in axes.patches} == corners
    assert {(frame.get_width(), frame.get_height()) for frame in axes.patches} == {(4, 4)}
    for i, at in ((0, (0, 0)), (6, (tall, 2 * wide))):
        np.testing.assert_array_equal(sheet(figure)[at[0] + head :, at[1] :][:4, :4], X[i])


def test_predictions_all_right_and_diverged():
    figure = plot.predictions(X, LABELS, np.eye(3)[LABELS])
    assert figure.get_suptitle().startswith("0 of 7 misclassified\n") and not figure.axes[0].patches
    figure = plot.predictions(X, LABELS, np.full((7, 3), np.nan))  # a model that diverged is shown, too
    assert captions(figure)[1] == "1 > 0  nan%"


def test_mistakes_most_certain_first():
    figure = plot.mistakes(X, LABELS, P)
    assert captions(figure) == ["0 > 1  90%", "0 > 2  80%", "2 > 0  75%", "1 > 2  70%"]
    np.testing.assert_array_equal(sheet(figure)[2:6, :4], X[3])
    assert figure.get_suptitle() == "4 of 7 misclassified\ntrue > predicted, its probability"
    figure = plot.mistakes(X, LABELS, P, count=2)
    assert captions(figure) == ["0 > 1  90%", "0 > 2  80%"]
    assert figure.get_suptitle().startswith("4 of 7 misclassified; the 2 most certain")


def test_no_mistakes(tmp_path):
    figure = plot.mistakes(X, np.zeros(7, int), np.eye(3)[np.zeros(7, int)], path=tmp_path / "m.png")
    assert captions(figure) == []
    assert figure.get_suptitle() == "0 of 7 misclassified"
    assert (tmp_path / "m.png").stat().st_size


CURVES = {"accuracy": [0.5, 0.75], "loss": [2.0, 1.0], "val_accuracy": [0.25, 0.5], "val_loss": [3.0, 2.5]}


@pytest.mark.parametrize("history", [types.SimpleNamespace(history=CURVES), CURVES])
def test_history(history, tmp_path):
    figure = plot.history(history, path=tmp_path / "h.png")
    assert [axes.get_ylabel() for axes in figure.axes] == ["loss", "accuracy"]
    for axes, name in zip(figure.axes, ["loss", "accuracy"], strict=True):
        training, validation = axes.lines
        np.testing.assert_array_equal(training.get_xydata(), np.column_stack([[1, 2], CURVES[name]]))
        np.testing.assert_array_equal(validation.get_ydata(), CURVES[f"val_{name}"])
    with Image.open(tmp_path / "h.png") as picture:
        assert picture.width > picture.height


def test_history_without_validation():
    (axes,) = plot.history({"loss": [1.0]}).axes
    assert len(axes.lines) == 1


def test_history_of_rare_validation_goes_on_from_an_epoch():
    curves = {"loss": [4.0, 3.0, 2.0, 1.0, 0.5], "val_loss": [5.0, 3.0]}
    training, validation = plot.history(curves).axes[0].lines
    np.testing.assert_array_equal(validation.get_xydata(), [[2, 5], [4, 3]])
    history = types.SimpleNamespace(history=curves, epoch=[10, 11, 12, 13, 14])
    training, validation = plot.history(history).axes[0].lines
    np.testing.assert_array_equal(training.get_xdata(), [11, 12, 13, 14, 15])
    np.testing.assert_array_equal(validation.get_xdata(), [12, 14])
    history = types.SimpleNamespace(history={"loss": [4.0, 3.0, 2.0], "val_loss": [5.0, 3.0]}, epoch=[9, 10, 11])
    np.testing.assert_array_equal(plot.history(history).axes[0].lines[1].get_xdata(), [10, 12])


def test_history_long_or_of_many_quantities():
    figure = plot.history({"loss": [1.0] * 31, "val_loss": [1.0] * 31})
    assert [line.get_marker() for line in figure.axes[0].lines] == ["", ""]
    figure = plot.history({name: [1.0] for name in ("mae", "mse", "loss", "learning_rate", "accuracy")})
    assert [axes.get_ylabel() for axes in figure.axes] == ["loss", "mae", "mse", "learning_rate", "accuracy"]
    width, height = figure.get_size_inches()
    assert width < 20 and height > 6  # in two rows
    assert all(tick == int(tick) for tick in figure.axes[0].get_xticks())  # no 0.96 beside epoch 1


def test_activations_trio():
    figure = plot.activations()
    assert [axes.get_title() for axes in figure.axes] == ["linear", "sigmoid", "relu"]
    functions = (lambda z: z, lambda z: 1 / (1 + np.exp(-z)), lambda z: np.maximum(z, 0))
    for axes, function in zip(figure.axes, functions, strict=True):
        z, y = axes.lines[-1].get_data()
        assert (z[0], z[-1]) == (-6, 6)
        np.testing.assert_allclose(y, function(z.astype(float)), rtol=1e-6, atol=1e-7)


def test_activations_of_choice(tmp_path):
    figure = plot.activations("tanh", tf.square, path=tmp_path / "a.png")
    assert [axes.get_title() for axes in figure.axes] == ["tanh", "square"]
    np.testing.assert_allclose(figure.axes[1].lines[-1].get_ydata()[[0, -1]], 36)
    assert (tmp_path / "a.png").stat().st_size


def widths(axes):
    return [[bar.get_width() for bar in bars] for bars in axes.containers]


def test_softmax_bars(tmp_path):
    z = np.array([1.0, 2.0, -1.0])
    e = np.exp(z)
    logits, exponentials, probabilities = plot.softmax(tf.constant(z), path=tmp_path / "s.png").axes
    for axes, values in ((logits, z), (exponentials, e), (probabilities, e / e.sum())):
        np.testing.assert_allclose(widths(axes), [values], rtol=1e-12)
        assert [text.get_text() for text in axes.texts] == [f"{value:.4g}" for value in values]
    assert logits.yaxis_inverted()  # class 0 on top
    assert probabilities.get_xlabel() == "sum 1"
    assert (tmp_path / "s.png").stat().st_size


@pytest.mark.parametrize(
    ("function", "verdict"),
    [
        (lambda z: np.exp(z) / np.exp(z).sum(), "agree"),
        (lambda z: tf.nn.softmax(tf.cast(z, tf.float32)), "agree"),
        (lambda z: np.exp(z) / 10, "differ by 0.034"),
        (lambda z: np.full(3, np.inf), "differ by inf"),
        (lambda z: np.full(3, np.nan), "differ by nan"),
    ],
)
def test_softmax_checks_a_function(function, verdict, tmp_path):
    z = np.array([1.0, 2.0, -1.0])
    axes = plot.softmax(z, function, path=tmp_path / "s.png").axes[2]
    assert axes.get_title() == f"probabilities: yours {verdict}"
    ours, yours = widths(axes)
    np.testing.assert_allclose(ours, np.exp(z) / np.exp(z).sum(), rtol=1e-12)
    expected = np.asarray(function(z))
    np.testing.assert_allclose(yours, np.where(np.isfinite(expected), expected, 0), rtol=1e-6)


@pytest.mark.parametrize("z", [[1000.0, 1001.0], [-1001.0, -1000.0]])
def test_softmax_of_logits_whose_exponentials_overflow(z):
    exponentials, probabilities = plot.softmax(z).axes[1:]
    assert "max" in exponentials.get_title()
    np.testing.assert_allclose(widths(exponentials), [[np.exp(-1), 1]])
    np.testing.assert_allclose(widths(probabilities), [[1 / (1 + np.e), np.e / (1 + np.e)]])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: plot.digits(X[0, 0]), r"images must be \(n, h, w\)"),
        (lambda: plot.digits(X[:0]), r"images must be \(n, h, w\)"),
        (lambda: plot.digits(X.reshape(7, 16)[:, :15]), r"images must be \(n, h, w\)"),
        (lambda: plot.digits(X, [1, 2]), "7 images, but 2 labels"),
        (lambda: plot.digits(X, columns=0), "columns must be 1 or more"),
        (lambda: plot.mistakes(X, np.zeros(6), np.zeros((7, 3))), "do not match"),
        (lambda: plot.mistakes(X, np.zeros(7), np.zeros(7)), "do not match"),
        (lambda: plot.mistakes(X, np.zeros(7), np.zeros((7, 3)), count=0), "count must be 1 or more"),
        (lambda: plot.mistakes(X, LABELS, 2 * P), "from 0.2 to 1.8: tf.nn.softmax makes"),
        (lambda: plot.predictions(X, LABELS, -P), "from -0.9 to -0.1: tf.nn.softmax makes"),
        (lambda: plot.predictions(X, LABELS[:, None], P), "do not match"),
        (lambda: plot.predictions(X, LABELS, P[:6]), "do not match"),
        (lambda: plot.predictions(X, LABELS, P, columns=0), "columns must be 1 or more"),
        (lambda: plot.history({}), "has not finished an epoch"),
        (lambda: plot.activations("rleu"), "rleu"),
        (lambda: plot.activations(np.diff), r"diff is not element-wise: of \(601,\) it made \(600,\)"),
        (lambda: plot.softmax([[1.0, 2.0]]), r"a vector \(n,\) of finite logits, not \(1, 2\)"),
        (lambda: plot.softmax([]), "finite logits"),
        (lambda: plot.softmax([1.0, np.nan]), "finite logits, not .*nan"),
        (lambda: plot.softmax([1.0, 2.0], np.sum), r"makes \(\) of \(2,\)"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_missing_matplotlib_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    monkeypatch.delitem(sys.modules, "pynn.plot._notebook", raising=False)
    with pytest.raises(ImportError, match=re.escape(install("plot"))):
        plot.digits(X)


def test_a_notebook_shows_the_figure():
    """Jupyter asks each result for _repr_png_; matplotlib's own figures answer only where pyplot is imported."""
    figure = plot.digits(X)
    data, shown = figure._repr_png_()
    with Image.open(io.BytesIO(data)) as picture:
        assert picture.size == tuple(int(n * figure.dpi) for n in figure.get_size_inches())
    assert shown == {"width": round(picture.size[0] * 96 / figure.dpi)}


def test_import_does_not_load_matplotlib():
    code = f"import sys; sys.path[:] = {sys.path!r}; import pynn.plot; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
