"""Figures are checked by what they hold: the pixels of the sheet, the captions, the curves."""

import subprocess
import sys
import types

import numpy as np
import pytest
from PIL import Image

from pynn import plot

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


def test_mistakes_most_certain_first():
    labels = np.array([0, 1, 2, 0, 1, 2, 0])
    p = np.full((7, 3), 0.1)
    p[np.arange(7), [0, 2, 2, 1, 1, 0, 2]] = [0.8, 0.7, 0.8, 0.9, 0.8, 0.75, 0.8]
    figure = plot.mistakes(X, labels, p)
    assert captions(figure) == ["0 > 1  90%", "0 > 2  80%", "2 > 0  75%", "1 > 2  70%"]
    np.testing.assert_array_equal(sheet(figure)[2:6, :4], X[3])
    assert figure.get_suptitle() == "4 of 7 misclassified"
    figure = plot.mistakes(X, labels, p, count=2)
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
        (lambda: plot.history({}), "has not finished an epoch"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_missing_matplotlib_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ImportError, match=r"pip install 'pynn\[plot\]'"):
        plot.digits(X)


def test_import_does_not_load_matplotlib():
    code = f"import sys; sys.path[:] = {sys.path!r}; import pynn.plot; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
