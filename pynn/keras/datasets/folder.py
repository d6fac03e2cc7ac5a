"""A user's own data in MNIST's form: a folder of IDX files, or an npz."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ._archive import KEYS, read_npz
from .idx import read_idx

Pair = tuple[np.ndarray, np.ndarray]  # x, y
Split = tuple[Pair, Pair]  # train, test


def load_folder(path: str | os.PathLike[str], num_classes: int = 10) -> Split:
    """((x_train, y_train), (x_test, y_test)) from your own files: x (n, height, width), y (n,), uint8.

    path: a folder with four IDX files, each plain or gzipped, under their usual names
    (train-images-idx3-ubyte, train-labels.idx1-ubyte.gz, t10k-... or test-...), or with one npz file;
    or that npz itself, with the keys x_train, y_train, x_test, y_test.
    FileNotFoundError: no such folder or file, or one of the four is missing (it lists the names looked for).
    ValueError: a damaged file, counts that do not match, a label outside of 0 to num_classes - 1.
    """
    if not 1 <= num_classes <= 256:
        raise ValueError(f"num_classes must be 1 to 256, not {num_classes}")
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such folder or file")
    files = _files(path) if path.is_dir() else [path]
    if len(files) == 4:
        names, arrays = list(map(str, files)), tuple(map(read_idx, files))
    elif files[0].suffix.lower() == ".npz":
        names, arrays = [f"{files[0]}: {key}" for key in KEYS], read_npz(files[0], str(files[0]))
    else:
        raise ValueError(f"{path}: give an npz file, or the folder that holds the four IDX files")
    train, test = (_checked(arrays[i : i + 2], names[i : i + 2], num_classes) for i in (0, 2))
    if train[0].shape[1:] != test[0].shape[1:]:
        about = f"training images of shape {train[0].shape[1:]}, test images of shape {test[0].shape[1:]}"
        raise ValueError(f"{path}: {about}")
    return train, test


def _files(folder: Path) -> list[Path]:
    """The four IDX files, or one npz."""
    present = {file.name.lower(): file for file in sorted(folder.iterdir(), reverse=True) if file.is_file()}
    wanted = [
        [f"{prefix}-{stem}-ubyte{end}" for prefix in prefixes for stem in stems for end in ("", ".gz")]
        for prefixes in (("train",), ("t10k", "test"))
        for stems in (("images-idx3", "images.idx3"), ("labels-idx1", "labels.idx1"))
    ]
    found = [next((present[name] for name in names if name in present), None) for names in wanted]
    if lost := [names for names, file in zip(wanted, found, strict=True) if file is None]:
        if len(lost) < 4:
            raise FileNotFoundError(f"{folder}: missing {'; '.join(' or '.join(names) for names in lost)}")
        archives = [file for name, file in present.items() if name.endswith(".npz")]
        if not archives:
            raise FileNotFoundError(
                f"{folder}: found neither an npz file nor {', '.join(names[0] for names in wanted)} "
                "(also gzipped: .gz, with a dot before idx, or test for t10k)"
            )
        if len(archives) > 1:
            raise ValueError(f"{folder}: holds {len(archives)} npz files; give the path of one")
        return archives
    return [file for file in found if file]


def _checked(pair: Sequence[np.ndarray], names: Sequence[str], num_classes: int) -> Pair:
    (x, y), (x_name, y_name) = pair, names
    if x.ndim != 3 or x.dtype != np.uint8 or not x.size:
        raise ValueError(f"{x_name}: images must be (n, height, width) uint8, not {x.shape} {x.dtype}")
    if y.ndim != 1:
        raise ValueError(f"{y_name}: labels must be (n,), not {y.shape}")
    if len(x) != len(y):
        raise ValueError(f"{x_name} holds {len(x)} images, but {y_name} {len(y)} labels")
    wrong = np.flatnonzero((y < 0) | (y >= num_classes))
    if wrong.size:
        raise ValueError(f"{y_name}: label {y[wrong[0]]} at index {wrong[0]} is not in 0 to {num_classes - 1}")
    return x, y.astype(np.uint8, copy=False)
