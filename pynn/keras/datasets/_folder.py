"""A user's own data in MNIST's form: a folder of IDX files, or an npz."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from ._archive import KEYS, read_npz
from ._idx import read_idx

Pair = tuple[np.ndarray, np.ndarray]  # x, y
Split = tuple[Pair, Pair]  # train, test

_PREFIXES = {"train": ("train",), "test": ("t10k", "test")}
_STEMS = {"x": ("images-idx3-ubyte", "images.idx3-ubyte"), "y": ("labels-idx1-ubyte", "labels.idx1-ubyte")}


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
    if path.is_dir():
        names, arrays = _read_folder(path)
    elif not path.exists():
        raise FileNotFoundError(f"{path}: no such folder or file")
    elif path.suffix.lower() == ".npz":
        names, arrays = [f"{path}: {key}" for key in KEYS], read_npz(path, str(path))
    else:
        raise ValueError(f"{path}: give an npz file, or the folder that holds the four IDX files")
    x_train, y_train, x_test, y_test = arrays
    train = _checked(x_train, y_train, names[:2], num_classes)
    test = _checked(x_test, y_test, names[2:], num_classes)
    if x_train.shape[1:] != x_test.shape[1:]:
        raise ValueError(
            f"{path}: training images of shape {x_train.shape[1:]}, test images of shape {x_test.shape[1:]}"
        )
    return train, test


def _read_folder(folder: Path) -> tuple[list[str], tuple[np.ndarray, ...]]:
    present = {file.name.lower(): file for file in sorted(folder.iterdir(), reverse=True) if file.is_file()}
    wanted = {key: _names(key) for key in KEYS}
    files = {key: next((present[name] for name in wanted[key] if name in present), None) for key in KEYS}
    if found := [file for file in files.values() if file is not None]:
        if len(found) < 4:
            lost = "; ".join(" or ".join(wanted[key]) for key in KEYS if files[key] is None)
            raise FileNotFoundError(f"{folder}: missing {lost}")
        return [str(file) for file in found], tuple(read_idx(file) for file in found)
    archives = [file for name, file in present.items() if name.endswith(".npz")]
    if len(archives) == 1:
        return [f"{archives[0]}: {key}" for key in KEYS], read_npz(archives[0], str(archives[0]))
    if archives:
        raise ValueError(f"{folder}: holds {len(archives)} npz files; give the path of one")
    raise FileNotFoundError(
        f"{folder}: found neither an npz file nor {', '.join(names[0] for names in wanted.values())} "
        "(also gzipped: .gz, with a dot before idx, or test for t10k)"
    )


def _names(key: str) -> list[str]:
    prefixes, stems = _PREFIXES[key[2:]], _STEMS[key[0]]
    return [f"{prefix}-{stem}{end}" for prefix in prefixes for stem in stems for end in ("", ".gz")]


def _checked(x: np.ndarray, y: np.ndarray, names: list[str], num_classes: int) -> Pair:
    if x.ndim != 3 or x.dtype != np.uint8 or not x.size:
        raise ValueError(f"{names[0]}: images must be (n, height, width) uint8, not {x.shape} {x.dtype}")
    if y.ndim != 1:
        raise ValueError(f"{names[1]}: labels must be (n,), not {y.shape}")
    if len(x) != len(y):
        raise ValueError(f"{names[0]} holds {len(x)} images, but {names[1]} {len(y)} labels")
    wrong = (y < 0) | (y >= num_classes)
    if wrong.any():
        i = int(wrong.argmax())
        raise ValueError(f"{names[1]}: label {y[i]} at index {i} is not in 0 to {num_classes - 1}")
    return x, y.astype(np.uint8, copy=False)
