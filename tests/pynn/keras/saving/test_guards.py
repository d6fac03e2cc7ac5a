"""What guards against hostile files, guard by guard: where one is taken away, a test fails."""

from __future__ import annotations

import io
import os
import zipfile

import h5py
import numpy as np
import pytest

from pynn import keras
from pynn.keras import layers
from pynn.keras.saving.arrays import FREE, opened


class Payload:
    """Unpickled, it makes a folder."""

    def __init__(self, folder):
        self.folder = str(folder)

    def __reduce__(self):
        return os.mkdir, (self.folder,)


def npy(array):
    np.save(file := io.BytesIO(), array, allow_pickle=True)
    return file.getvalue()


def archive(path, packing=zipfile.ZIP_DEFLATED, **members):
    with zipfile.ZipFile(path, "w", packing) as file:
        for name, content in members.items():
            file.writestr(f"{name}.npy", content)


def test_a_pickle_never_runs(tmp_path):
    """Nor where it takes the place of numbers after these were looked at."""
    path, pickled = tmp_path / "a.npz", npy(np.array([Payload(tmp_path / "ran")], object))
    archive(path, a=pickled)
    with pytest.raises(ValueError, match="holds more than numbers"), opened(path, ".npz"):
        pass
    numbers = npy(np.full(2**16, 7, np.uint8))
    archive(path, zipfile.ZIP_STORED, a=numbers, b=numbers)
    with opened(path, ".npz") as arrays, open(path, "r+b") as file:
        file.seek(path.read_bytes().index(numbers))
        file.write(pickled)
        file.flush()
        with pytest.raises(ValueError, match="allow_pickle"):
            arrays["a"].read()
    assert not (tmp_path / "ran").exists()


class Unregistered(layers.Layer):
    """Of a module that is loaded."""


@pytest.mark.parametrize("module", ["foreign", Unregistered.__module__])
@pytest.mark.parametrize("class_name", ["Unregistered", "function"])
def test_nothing_is_imported_and_nothing_taken_that_was_not_given(tmp_path, monkeypatch, module, class_name):
    source = "import os\nos.mkdir(os.path.join(os.path.dirname(__file__), 'ran'))\ndef Unregistered(): pass\n"
    (tmp_path / "foreign.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    named = {"module": module, "class_name": class_name, "registered_name": class_name, "config": {}}
    if class_name == "function":
        named["config"] = "Unregistered"
    for config in (named, named | {"registered_name": None}):
        with pytest.raises(TypeError, match="Could not locate 'Unregistered'"):
            keras.saving.deserialize_keras_object(config)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("kind", [".npz", ".h5"])
def test_the_size_of_arrays(tmp_path, kind):
    path = tmp_path / f"a{kind}"
    for names in ("a", "ab"):
        if kind == ".npz":
            archive(path, **dict.fromkeys(names, npy(np.zeros(FREE, np.uint8))))
        else:
            with h5py.File(path, "w") as file:
                for name in names:
                    file.create_dataset(name, (FREE,), "u1", chunks=(2**16,))
        if names == "a":
            with opened(path, kind) as arrays:
                assert arrays["a"].read().shape == (FREE,)
    with pytest.raises(ValueError, match=f"its arrays take {2 * FREE:,} bytes, more than"), opened(path, kind):
        pass


def test_members_of_an_npz(tmp_path):
    np.lib.format.write_array_header_1_0(
        header := io.BytesIO(), {"descr": "<f4", "fortran_order": False, "shape": (50,)}
    )
    archive(tmp_path / "a.npz", a=header.getvalue() + bytes(16))
    with pytest.raises(ValueError, match="not the length of its shape"), opened(tmp_path / "a.npz", ".npz"):
        pass
    for packing in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        archive(tmp_path / "a.npz", packing, a=npy(np.zeros(9)))
        with pytest.raises(ValueError, match="neither stored nor deflated"), opened(tmp_path / "a.npz", ".npz"):
            pass


@pytest.mark.parametrize("ending", [".weights.h5", ".npz", ".safetensors", ".keras", ".onnx"])
def test_a_file_is_replaced_as_a_whole(tmp_path, monkeypatch, ending):
    path, model = tmp_path / f"a{ending}", keras.Sequential([keras.Input((2,)), layers.Dense(2)])
    saves = {".keras": model.save, ".onnx": lambda path: model.export(path, format="onnx", verbose=False)}
    save = saves.get(ending, model.save_weights)
    save(path)
    before = path.read_bytes()

    def full(*args):
        raise OSError("no space left")

    monkeypatch.setattr(os, "replace", full)
    model.set_weights([w + 1 for w in model.get_weights()])
    with pytest.raises(OSError, match="no space left"):
        save(path)
    assert path.read_bytes() == before and os.listdir(tmp_path) == [path.name]
