"""Fashion-MNIST: 60,000 + 10,000 pictures of clothes in MNIST's form, ten classes.

Xiao, Rasul, Vollgraf: Fashion-MNIST, 2017 (arXiv:1708.07747).
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from ._archive import tar_members
from ._cache import load
from ._sources import Arrays, Source, idx_urls, mirrors, package
from .folder import Split, load_folder
from .idx import IDX_NAMES, decode_idx_files

__all__ = ["load_data"]

_DIGESTS = (
    "d8ad9132a5971887b9275bd3d8e20fc26c599fbad1814014e960b8e10b53d165",
    "3a5a898e8a129e0538eafde7302d0b5bd11e09099e7f981c578c725047895b03",
    "3194b88e5a57832ccf9bc8ffc11e1c3d7ccf2c411d27352dcfbfc4afa29c2ce5",
    "b943cf13d75a9c055f388d561d683bed74ca5ce259ad23b9655e45af2ff9e771",
)
_MIRRORS = (
    idx_urls("https://storage.googleapis.com/tensorflow/tf-keras-datasets"),
    idx_urls("https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion"),
)
# where Debian's package dataset-fashion-mnist installs its four files
_FOLDER = Path("/usr/share/datasets/fashion-mnist")


def load_data(path: str | os.PathLike[str] = "fashion_mnist.npz") -> Split:
    """((x_train, y_train), (x_test, y_test)), uint8: (60000, 28, 28), (60000,), (10000, 28, 28), (10000,).

    Labels: T-shirt 0, trouser 1, pullover 2, dress 3, coat 4, sandal 5, shirt 6, sneaker 7, bag 8, boot 9.
    path and errors as in mnist.load_data.
    """
    return load("fashion_mnist", path, _DIGESTS, _sources())


def _sources() -> Iterator[Source]:
    yield Source("installed", lambda: sum(load_folder(_FOLDER), ()))
    yield from mirrors(_MIRRORS)
    yield package("apt-get", ["download", "--quiet", "dataset-fashion-mnist"], _from_deb)


def _from_deb(file: Path) -> Arrays:
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", file], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        names = [f"./usr/share/datasets/fashion-mnist/{name}.gz" for name in IDX_NAMES]
        return decode_idx_files(tar_members(process.stdout, names))
