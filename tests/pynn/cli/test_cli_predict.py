"""`pynn predict` on made-up weights and images: what it reads, and one clear line for what it cannot."""

import gzip
import io
import math
import os
import pickle
import struct
import sys
import tracemalloc
import zlib

import numpy as np
import pytest
from PIL import Image

from pynn import keras
from pynn.cli import images
from pynn.cli.main import main
from pynn.keras.saving import arrays as saved_arrays
from pynn.support.extras import install

X = np.random.default_rng(0).integers(0, 128, (60, 28, 28), np.uint8)  # mostly dark, as digits are
Y = np.arange(60, dtype=np.uint8) % 10


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder with weights.npz of a 784-16-10 network."""
    folder = tmp_path_factory.mktemp("run")
    rng = np.random.default_rng(1)
    hidden = keras.layers.Dense(16, activation="relu")
    model = keras.Sequential([keras.Input((784,)), hidden, keras.layers.Dense(10, activation="softmax")])
    shapes = [(784, 16), (16,), (16, 10), (10,)]
    model.set_weights([rng.normal(0, 0.2, shape).astype(np.float32) for shape in shapes])
    model.save_weights(folder / "weights.npz")
    return folder


def weights(folder):
    with np.load(folder / "weights.npz", allow_pickle=False) as saved:
        return [saved[name] for name in saved.files]


def idx(array):
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


def predict(trained, *arguments):
    return main(["predict", *map(str, arguments), "--weights", str(trained / "weights.npz")])


def expected(trained, x):
    k1, b1, k2, b2 = (w.astype(np.float64) for w in weights(trained))
    z = np.maximum(x.reshape(len(x), -1) / 255 @ k1 + b1, 0) @ k2 + b2
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def rows(capsys):
    """The table's lines after its heading: (name..., digit, ten probabilities)."""
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["image", "digit", *"0123456789"]
    return [line.split() for line in lines[1:]]


def save_png(path, image, mode="L"):
    Image.fromarray(image).convert(mode).save(path)


def writers():
    def npy(array):
        return lambda path: np.save(path, array)

    return {
        "grey.png": lambda path: save_png(path, X[41]),
        "colour.png": lambda path: save_png(path, X[41], "RGB"),
        "opaque.png": lambda path: save_png(path, X[41], "RGBA"),
        "deep.png": lambda path: Image.fromarray(X[41].astype(np.uint16) * 257).save(path),
        "one.idx": lambda path: path.write_bytes(idx(X[41])),
        "some-idx3-ubyte.gz": lambda path: path.write_bytes(gzip.compress(idx(X[41:42]))),
        "flat.npy": npy(X[41].ravel()),
        "square.npy": npy(X[41]),
        "batch.npy": npy(X[41:42]),
        "rows.npy": npy(X[41:42].reshape(1, 784)),
        "float.npy": npy(X[41] / 255),
    }


@pytest.mark.parametrize("name", writers())
def test_predict_reads(trained, tmp_path, capsys, name):
    writers()[name](tmp_path / name)
    assert predict(trained, tmp_path / name) == 0
    (row,) = rows(capsys)
    p = expected(trained, X[41:42])[0]
    assert row[:2] == [str(tmp_path / name), str(p.argmax())]
    np.testing.assert_allclose([float(v) for v in row[2:]], p, atol=0.0005 + 1e-5)  # printed to three places


def test_predict_many(trained, tmp_path, capsys):
    (tmp_path / "all").write_bytes(idx(X))
    save_png(tmp_path / "a.png", X[5])
    assert predict(trained, tmp_path / "all", tmp_path / "a.png", "--count", "3") == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1 + 3 + 1 + 1
    assert lines[3].split()[:3] == [str(tmp_path / "all"), "2", str(expected(trained, X[2:3]).argmax())]
    assert lines[5] == f"{tmp_path / 'all'}: the first 3 of 60 images; more with --count"


def test_predict_invert(trained, tmp_path, capsys):
    dark = X[41]
    save_png(tmp_path / "light.png", 255 - dark)
    assert predict(trained, tmp_path / "light.png", "--invert") == 0
    out, err = capsys.readouterr()
    assert err == ""
    p = [float(v) for v in out.splitlines()[1].split()[2:]]
    np.testing.assert_allclose(p, expected(trained, dark[None])[0], atol=0.0005 + 1e-5)
    assert predict(trained, tmp_path / "light.png") == 0
    assert "--invert" in capsys.readouterr().err


def png_that_lies():
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    chunks = [
        chunk(b"IHDR", struct.pack(">IIBBBBB", 60000, 60000, 8, 0, 0, 0, 0)),
        chunk(b"IDAT", zlib.compress(bytes(100))),
        chunk(b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def png(image, mode="L"):
    Image.fromarray(image).convert(mode).save(buffer := io.BytesIO(), "PNG")
    return buffer.getvalue()


def npy(array, **options):
    np.save(buffer := io.BytesIO(), array, **options)
    return buffer.getvalue()


class Evil:
    def __reduce__(self):
        return pytest.fail, ("a pickle was run",)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (png(X[0][:4]), ["4x28", "28x28"]),
        (png(X[0])[:100], []),
        (png_that_lies(), ["60000x60000", "64 million"]),
        (b"\x89PNG\r\n", []),
        (b"GIF89a", ["not a PNG, JPEG, IDX or npy"]),
        (b"", ["not a PNG, JPEG, IDX or npy"]),
        (idx(X[0])[:-1], ["783 follow"]),
        (idx(Y), ["60", "28x28"]),
        (npy(X[:, :, :3]), ["60x28x3", "28x28"]),
        (npy(X[:0]), ["0x28x28"]),
        (npy(np.float32(1)), ["its size is one value", "28x28"]),
        (npy(X[0].astype(np.int64)), ["int64", "uint8"]),
        (npy(X[0].astype(np.float32)), ["0 to 1"]),
        (npy(np.full((28, 28), np.nan)), ["0 to 1"]),
        (npy(np.array([Evil()], object), allow_pickle=True), []),
        (npy(X[0])[:-5], []),
        (b"\x93NUMPY\x01\x00\x76\x00" + b"{'descr': '<f4', 'shape': (1, 784".ljust(117) + b"\n" + bytes(3136), []),
        (npy(np.zeros((2, 784), [("a", "u1"), ("b", "u1")])), ["uint8"]),
        (gzip.compress(idx(X[0]))[:-9] + b"damaged!!", []),
        (b"\x93NUMPY\x01\x00\x28\x23" + b"-" * 8999 + b"1", ["npy"]),  # parsed as Python, it exhausts the parser
        (png(X[0])[:33] + png_that_lies()[8:], ["60000x60000", "64 million"]),
    ],
)
def test_predict_bad_image(trained, tmp_path, content, words, assert_one_line):
    (tmp_path / "bad").write_bytes(content)
    assert predict(trained, tmp_path / "bad") == 2
    assert_one_line("predict", str(tmp_path / "bad"), *words)


def sparse(path, shape, dtype="<f4", fortran=False):
    """An array on some KB of disk: a header, and a hole."""
    with open(path, "wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": dtype, "fortran_order": fortran, "shape": shape})
        file.truncate(file.tell() + math.prod(shape) * np.dtype(dtype).itemsize)


@pytest.mark.parametrize("dtype", ["<f4", "<f8", "|u1"])
@pytest.mark.parametrize("shape", [(4_000_000, 28, 28), (4_000_000, 784)])
def test_predict_scales_only_what_it_shows(trained, tmp_path, capsys, shape, dtype):
    sparse(tmp_path / "sparse.npy", shape, dtype)  # of 3 to 25 GB
    tracemalloc.start()
    assert predict(trained, tmp_path / "sparse.npy", "--count", "3") == 0
    assert tracemalloc.get_traced_memory()[1] < 2**26
    tracemalloc.stop()
    assert "the first 3 of 4000000 images" in capsys.readouterr().out


def test_predict_reads_no_pictures_that_are_all_over_a_file(trained, tmp_path, assert_one_line):
    sparse(tmp_path / "large.npy", (400, 5000, 5000), fortran=True)  # mapped, its first picture is in all pages: 40 GB
    assert predict(trained, tmp_path / "large.npy") == 2
    assert_one_line("predict", "large.npy", "Fortran order", "numpy.ascontiguousarray")
    np.save(tmp_path / "small.npy", np.asfortranarray(X))
    assert predict(trained, tmp_path / "small.npy") == 0


@pytest.mark.parametrize("shape", [(110_000, 110_000), (2, 8001, 8000)])
def test_predict_reads_no_picture_that_is_too_large(trained, tmp_path, assert_one_line, shape):
    sparse(tmp_path / "large.npy", shape)
    assert predict(trained, tmp_path / "large.npy") == 2
    assert_one_line("predict", "large.npy", "at most 64 million pixels")


@pytest.mark.parametrize("reader", [(saved_arrays, "opened"), (images, "_read")], ids=lambda r: r[1])
@pytest.mark.parametrize(
    "error", [MemoryError(), RecursionError("deep"), KeyError("a\nb"), EOFError(), OSError("bzip2")]
)
def test_whatever_a_reader_raises_is_one_line_and_nothing_else_is(
    tmp_path, trained, monkeypatch, assert_one_line, reader, error
):
    def broken(*args, **kwargs):
        raise error

    np.save(tmp_path / "a.npy", X[:2])
    with monkeypatch.context() as patch:
        patch.setattr(*reader, broken)
        assert predict(trained, tmp_path / "a.npy") == 2
        assert_one_line("predict", "a.npy: " if reader[0] is images else "weights.npz: ", "damaged")
    monkeypatch.setattr(keras.Sequential, "predict", None)
    with pytest.raises(TypeError):
        predict(trained, tmp_path / "a.npy")


def test_no_memory_for_the_probabilities_is_one_line(tmp_path, trained, monkeypatch, assert_one_line):
    def broken(*args, **kwargs):
        raise MemoryError

    np.save(tmp_path / "a.npy", X[:2])
    monkeypatch.setattr(keras.Sequential, "predict", broken)
    assert predict(trained, tmp_path / "a.npy") == 2
    assert_one_line("predict", "not enough memory")


@pytest.mark.parametrize("place", ["Dense", "Sequential"])
def test_no_memory_for_the_network_is_one_line(trained, tmp_path, monkeypatch, assert_one_line, place):
    def broken(*args, **kwargs):
        raise MemoryError("Unable to allocate")

    np.save(tmp_path / "a.npy", X[:2])
    monkeypatch.setattr(
        *{"Dense": (keras.layers, "Dense"), "Sequential": (keras.Sequential, "set_weights")}[place], broken
    )
    assert predict(trained, tmp_path / "a.npy") == 2
    assert_one_line("predict", "weights.npz: ", "not enough memory")


@pytest.mark.parametrize("made", [os.mkfifo, lambda path: path.symlink_to("/dev/zero")], ids=["pipe", "device"])
def test_predict_opens_no_pipes_or_devices(trained, tmp_path, assert_one_line, made):
    made(tmp_path / "weights.npz")
    assert predict(trained, tmp_path / "weights.npz") == 2
    assert_one_line("predict", "weights.npz", "a device or a pipe")
    assert predict(tmp_path, tmp_path / "a.png") == 2
    assert_one_line("predict", "weights.npz", "a device or a pipe")


def test_names_of_files_are_shown_without_terminal_codes(trained, tmp_path, capsys):
    name = os.fsdecode(os.fsencode(tmp_path) + b"/\x1b[2J\xff.npy")
    np.save(name, X[:2])
    assert predict(trained, name, "--count", "1") == 0
    assert capsys.readouterr().out.count("\\x1b[2J\\udcff.npy") == 2


def test_predict_missing_files(trained, tmp_path, assert_one_line):
    assert predict(trained, tmp_path / "none.png") == 2
    assert_one_line("predict", "none.png", "No such file")
    save_png(tmp_path / "a.png", X[0])
    assert predict(tmp_path, tmp_path / "a.png") == 2
    assert_one_line("predict", "weights.npz", "pynn train")
    assert main(["predict", str(tmp_path / "a.png"), "--weights", ""]) == 2
    assert_one_line("predict", "no weights at ")


def test_predict_without_pillow(trained, tmp_path, monkeypatch, assert_one_line):
    save_png(tmp_path / "a.png", X[0])
    monkeypatch.setitem(sys.modules, "PIL", None)
    np.save(tmp_path / "large.npy", np.pad(X[0], 20))
    for name in ("a.png", "large.npy"):
        assert predict(trained, tmp_path / name) == 2
        assert_one_line("predict", "needs pillow", install("plot"))


def test_predict_bad_weights(trained, tmp_path, assert_one_line):
    save_png(tmp_path / "a.png", X[0])
    good = (trained / "weights.npz").read_bytes()
    file = tmp_path / "weights.npz"
    np.savez(buffer := io.BytesIO(), np.array([Evil()], object))
    for content in (b"", b"text", good[: len(good) // 2], npy(X[0]), pickle.dumps(Evil()), buffer.getvalue()):
        file.write_bytes(content)
        assert predict(tmp_path, tmp_path / "a.png") == 2
        assert_one_line("predict", str(file), "not a weights file")
    k1, b1, k2, b2 = weights(trained)
    for arrays in ([], [k1], [k1, b2], [k1, b1, k1, b1], [b1, k1], [k1, b1, k2]):
        np.savez(file, *arrays)
        assert predict(tmp_path, tmp_path / "a.png") == 2
        assert_one_line("predict", str(file), "chain of Dense")
    for wrong in (np.str_, np.complex64, np.int32, "M8[s]", ">f4", np.float16):
        np.savez(file, *(np.zeros(w.shape, wrong) for w in (k1, b1, k2, b2)))
        assert predict(tmp_path, tmp_path / "a.png") == 2
        assert_one_line("predict", str(file), "not a weights file")
    np.savez(file, np.zeros((784, 0), np.float32), np.zeros(0, np.float32))
    assert predict(tmp_path, tmp_path / "a.png") == 2
    assert_one_line("predict", str(file), "not a weights file")
    np.savez(file, np.zeros((784, 257), np.float32), np.zeros(257, np.float32))
    assert predict(tmp_path, tmp_path / "a.png") == 2
    assert_one_line("predict", str(file), "257 classes")
    np.savez(file, k1 * np.float32(np.nan), b1, k2, b2)
    assert predict(tmp_path, tmp_path / "a.png") == 2
    assert_one_line("predict", str(file), "NaN")
