"""Hostile and damaged files: refused with one clear error, before they take memory, and nothing changes."""

from __future__ import annotations

import io
import json
import struct
import sys
import tracemalloc
import zipfile

import h5py
import numpy as np
import pytest

from pynn import keras
from pynn.keras import layers
from pynn.keras.saving import paths
from pynn.keras.saving.arrays import write


def sequential():
    model = keras.Sequential([keras.Input((6,)), layers.Dense(5, "relu"), layers.BatchNormalization(),
                              layers.Dense(3, "softmax")])  # fmt: skip
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


def repacked(path, **changes):
    """The file with members replaced: NAME=bytes; None takes it out."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members |= {name.replace("__", "."): value for name, value in changes.items()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, value in members.items():
            if value is not None:
                archive.writestr(name, value)


def npz(**arrays):
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


H5_AWAY: dict = {"model.weights.h5": None}
CONFIG = {"class_name": "Sequential", "config": {"name": "a", "trainable": True, "layers": []}}


@pytest.mark.parametrize("change", [
    lambda p: p.write_bytes(b""),
    lambda p: p.write_bytes(b"no zip at all"),
    lambda p: p.write_bytes(p.read_bytes()[: p.stat().st_size // 2]),
    lambda p: repacked(p, config__json=None),
    lambda p: repacked(p, config__json=b"{"),
    lambda p: repacked(p, config__json=b"[]"),
    lambda p: repacked(p, config__json=b"\xff\xfe"),
    lambda p: repacked(p, config__json=b"0" * 2**25),
    lambda p: repacked(p, config__json=b"[" * 100_000),
    lambda p: repacked(p, config__json=json.dumps(CONFIG | {"config": {"layers": 3}})),
    lambda p: repacked(p, config__json=json.dumps(CONFIG | {"class_name": "Adam", "config": {}})),
    lambda p: repacked(p, **H5_AWAY),
    lambda p: repacked(p, **{"model.weights.h5": b"\x89HDF"}),
    lambda p: repacked(p, **{"model.weights.h5": b"\0" * 2**26}),
    lambda p: repacked(p, **H5_AWAY | {"model.weights.npz": b"PK"}),
    lambda p: repacked(p, **H5_AWAY | {"model.weights.npz": npz(a=np.zeros(3))}),
    lambda p: repacked(p, **H5_AWAY | {"model.weights.npz": npz(a=np.zeros(2**24))}),
    lambda p: repacked(p, **H5_AWAY | {"model.weights.npz": b"\0" * 2**26}),
])  # fmt: skip
def test_hostile_models(change, tmp_path):
    path = tmp_path / "a.keras"
    sequential().save(path)
    change(path)
    with pytest.raises(ValueError, match=r"a\.keras"):
        keras.models.load_model(path)


def test_a_file_calls_nothing(tmp_path):
    """A configuration names classes that the program has, and operations of a graph only from a short list."""
    path = tmp_path / "a.keras"
    sequential().save(path)
    repacked(path, config__json=json.dumps(CONFIG | {"class_name": "os.system"}))
    with pytest.raises(TypeError, match=r"Could not locate 'os.system'"):
        keras.models.load_model(path)
    for name in ("load_model", "get", "missing", "Any"):
        with pytest.raises(TypeError, match="Could not locate"):
            keras.layers.deserialize({"class_name": "function", "config": name})
    for name in ("__loader__", "__builtins__", "reduce_sum"):
        with pytest.raises(ValueError, match="no operation"):
            keras.layers.deserialize({"class_name": "Operation", "config": {"operation": name}})
        with pytest.raises(TypeError, match="Could not locate"):
            keras.saving.deserialize_keras_object({"module": "keras.src.ops.x", "class_name": name, "config": {}})


@pytest.mark.parametrize("ending", [".weights.h5", ".npz", ".safetensors"])
@pytest.mark.parametrize("damage", ["empty", "text", "half", "shape", "missing", "more", "dtype"])
def test_weights_that_do_not_fit_change_nothing(damage, ending, tmp_path):
    model, path = sequential(), tmp_path / f"a{ending}"
    before = model.get_weights()
    other = keras.Sequential([keras.Input((6,)), layers.Dense(5), layers.BatchNormalization(), layers.Dense(3)])
    {"shape": lambda: other.pop() and other.add(layers.Dense(4)), "missing": other.pop,
     "more": lambda: other.add(layers.Dense(3))}.get(damage, lambda: None)()  # fmt: skip
    other.save_weights(path)
    content = path.read_bytes()
    if damage == "dtype":
        arrays = {name: v.numpy().astype(np.int32) for name, v in paths.named_variables(model).items()}
        with open(path, "wb") as file:
            write(file, arrays, path.suffix)
    else:
        damaged = {"empty": b"", "text": b"text" * 99, "half": content[: len(content) // 2]}
        path.write_bytes(damaged.get(damage, content))
    with pytest.raises(ValueError, match="is not a weights file for this model"):
        model.load_weights(path)
    for one, two in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)


def h5(**datasets):
    """An HDF5 file of the weights of a Dense(2) for 2 inputs, in which `datasets` make the kernel."""
    file = io.BytesIO()
    with h5py.File(file, "w") as archive:
        archive["layers/dense/vars/1"] = np.zeros(2, np.float32)
        datasets["kernel"](archive, "layers/dense/vars/0")
    return file.getvalue()


def elsewhere(folder):
    """A file that must not be read, and datasets that lead to it."""
    (folder / "other.bin").write_bytes(b"SIXTEEN-BYTES-ES")
    with h5py.File(folder / "other.h5", "w") as archive:
        archive["secret"] = np.full((2, 2), 7, np.float32)
    layout = h5py.VirtualLayout((2, 2), "f4")
    layout[...] = h5py.VirtualSource(folder / "other.h5", "secret", (2, 2))
    return {
        "external": lambda f, n: f.create_dataset(n, (2, 2), "f4", external=[(str(folder / "other.bin"), 0, 16)]),
        "virtual": lambda f, n: f.create_virtual_dataset(n, layout),
        "link": lambda f, n: f.__setitem__(n, h5py.ExternalLink(str(folder / "other.h5"), "/secret")),
        "soft link": lambda f, n: f.__setitem__(n, h5py.SoftLink("/layers/dense/vars/1")),
        "billion": lambda f, n: f.create_dataset(n, (10**9,), "f4", chunks=(2**16,), fillvalue=1.0),
        "zeros": lambda f, n: f.create_dataset(n, (10**5, 10**4), "f4", compression="gzip", chunks=(2**8, 2**8)),
        "text": lambda f, n: f.create_dataset(n, data=["a", "b"]),
        "objects": lambda f, n: f.create_dataset(n, (2, 2), h5py.special_dtype(ref=h5py.Reference)),
        "none": lambda f, n: f.create_dataset(n, dtype="f4", shape=None),
    }


KINDS = ["external", "virtual", "link", "soft link", "billion", "zeros", "text", "objects", "none"]


@pytest.mark.parametrize("kind", KINDS)
def test_hdf5_that_is_more_than_it_says(kind, tmp_path):
    model = keras.Sequential([keras.Input((2,)), layers.Dense(2)])
    content, before = h5(kernel=elsewhere(tmp_path)[kind]), model.get_weights()
    (tmp_path / "a.weights.h5").write_bytes(content)
    model.save(tmp_path / "a.keras")
    repacked(tmp_path / "a.keras", **{"model.weights.h5": content})
    words = {"billion": "its arrays take", "zeros": "is packed"}.get(kind, "")
    tracemalloc.start()
    for load in (model.load_weights, keras.models.load_model):
        path = tmp_path / ("a.weights.h5" if load == model.load_weights else "a.keras")
        with pytest.raises(ValueError, match=f"{path.name} .*{words}"):
            load(path)
    assert tracemalloc.get_traced_memory()[1] < 2**26
    tracemalloc.stop()
    for one, two in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("layer", [
    layers.Dense(200_000_000), layers.Embedding(10**8, 50), layers.PReLU(input_shape=(10**9,)),
    layers.Dense(2, input_shape=(10**9,)), layers.RepeatVector(10**9), layers.CategoryEncoding(10**10),
], ids=["Dense", "Embedding", "PReLU", "inputs", "RepeatVector", "CategoryEncoding"])  # fmt: skip
def test_a_configuration_asks_for_more_than_the_file_holds(layer, tmp_path):
    path = tmp_path / "a.keras"
    keras.Sequential([keras.Input((2,)), layers.Dense(2)]).save(path)
    shape = layer._first_shape or (2,)
    entries = [keras.saving.serialize_keras_object(x) for x in (layers.InputLayer(shape), layer)]
    repacked(path, config__json=json.dumps(CONFIG | {"config": CONFIG["config"] | {"layers": entries}}))
    tracemalloc.start()
    with pytest.raises(ValueError, match="its configuration asks for"):
        keras.models.load_model(path)
    assert tracemalloc.get_traced_memory()[1] < 2**26
    tracemalloc.stop()


def test_layers_that_broadcast_ask_for_no_more_than_the_file_holds():
    column, row = keras.Input((2**11, 1)), keras.Input((1, 2**12))
    text = keras.Model([column, row], layers.Add()([column, row])).to_json()
    with pytest.raises(ValueError, match="asks for an array of 17,179,869,184 numbers"):
        keras.models.model_from_json(text.replace(str(2**11), str(2**16)).replace(str(2**12), str(2**17)))


def test_members_that_lie(tmp_path):
    """A header that promises more than its member holds; a member of pickles; zeros that unpack to twice the limit."""
    model = keras.Sequential([keras.Input((2,)), layers.Dense(2, use_bias=False)])
    path, name = tmp_path / "a.npz", "layers/dense/vars/0.npy"
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f4", "fortran_order": False, "shape": (10**9,)})
    pickled = io.BytesIO()
    np.save(pickled, np.array([print], object), allow_pickle=True)
    long = b"\x93NUMPY\x02\x00" + struct.pack("<I", 2**20) + b"(" * 2**20  # parsed as Python
    short = b"\x93NUMPY\x01\x00\x10\x00((("
    for content in (long, short, header.getvalue() + bytes(16), pickled.getvalue(), bytes(2**27)):
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(name, content)
        tracemalloc.start()
        with pytest.raises(ValueError, match=r"a\.npz is not a weights file for this model"):
            model.load_weights(path)
        assert tracemalloc.get_traced_memory()[1] < 2**26
        tracemalloc.stop()
    with zipfile.ZipFile(tmp_path / "a.keras", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", json.dumps(CONFIG))
        archive.writestr("model.weights.npz", bytes(2**27))
    tracemalloc.start()
    with pytest.raises(ValueError, match=r"model\.weights\.npz unpacks to more than"):
        keras.models.load_model(tmp_path / "a.keras")
    assert tracemalloc.get_traced_memory()[1] < 2**26
    tracemalloc.stop()


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
@pytest.mark.parametrize("member", ["config.json", "model.weights.h5"])
def test_members_whose_decoders_have_no_limit(tmp_path, member, method):
    path = tmp_path / "a.keras"
    sequential().save(path)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, value in members.items():
            archive.writestr(name, value, method if name == member else zipfile.ZIP_DEFLATED)
    for load in (keras.models.load_model, sequential().load_weights):
        with pytest.raises(ValueError, match=f"{member} is neither stored"):
            load(path)


def test_groups_that_are_nested_deeply(tmp_path):
    with h5py.File(tmp_path / "a.weights.h5", "w") as file:
        group = file
        for _ in range(2000):
            group = group.create_group("a")
    with pytest.raises(ValueError, match="deeper than 256 levels"):
        sequential().load_weights(tmp_path / "a.weights.h5")


def test_texts_that_ask_for_too_much():
    with pytest.raises(ValueError, match="nested deeper than 256 levels"):
        keras.models.model_from_json("[" * 100_000)
    layer = keras.saving.serialize_keras_object(layers.Dense(10**12, input_shape=(2,)))
    entries = [keras.saving.serialize_keras_object(layers.InputLayer((2,))), layer]
    text = json.dumps(CONFIG | {"config": CONFIG["config"] | {"layers": entries}})
    with pytest.raises(ValueError, match="more weights than the 67,108,864"):
        keras.models.model_from_json(text)


@pytest.mark.parametrize("config", [{"num_thresholds": 10**7}, {"multi_label": True, "num_labels": 10**6}])
def test_a_metric_takes_no_memory_that_the_file_does_not_have(tmp_path, config):
    path = tmp_path / "model.keras"
    model = sequential()
    model.compile("adam", "mse", metrics=[keras.metrics.AUC()])
    model.save(path)
    with zipfile.ZipFile(path) as archive:
        changed = json.loads(archive.read("config.json"))
    changed["compile_config"]["metrics"][0]["config"] |= config
    repacked(path, config__json=json.dumps(changed))
    tracemalloc.start()
    with pytest.raises(ValueError, match="asks for more weights than the 73 numbers"):
        keras.models.load_model(path)
    assert tracemalloc.get_traced_memory()[1] < 2**25
    tracemalloc.stop()


def test_damaged_weights_are_one_kind_of_error(tmp_path):
    path, model = tmp_path / "model.keras", sequential()
    model.save(path)
    before, whole = model.get_weights(), path.read_bytes()
    repacked(path, config__json="[" * 200_000 + "]" * 200_000)
    with pytest.raises(ValueError, match="not a weights file"):
        model.load_weights(path)
    for place in range(0, len(whole), 97):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        for load in (model.load_weights, keras.models.load_model):
            try:
                load(path)
            except ValueError as error:
                assert str(path) in str(error)
    model.set_weights(before)
    with pytest.raises(FileNotFoundError):
        model.load_weights(tmp_path / "none.keras")


@pytest.mark.parametrize(
    "text",
    [
        '{"module": "keras", "class_name": "Sequential", "config": {}}',
        '{"class_name": "__slice__", "config": {}}',
        '{"class_name": "DTypePolicy", "config": {}}',
    ],
)
def test_text_that_describes_no_model(text):
    with pytest.raises(ValueError, match="does not describe a model"):
        keras.models.model_from_json(text)


def test_without_h5py(tmp_path, monkeypatch):
    """The error says what to install, and not that the file is damaged; a file that is not there is the first fault."""
    model = sequential()
    model.save_weights(tmp_path / "a.weights.h5")
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(ImportError, match="Files in HDF5 need h5py"):
        model.load_weights(tmp_path / "a.weights.h5")
    with pytest.raises(FileNotFoundError):
        model.load_weights(tmp_path / "b.weights.h5")
    with pytest.raises(ImportError, match="need h5py"):
        model.save_weights(tmp_path / "c.weights.h5")
    with pytest.raises(ImportError, match="need h5py"):
        keras.callbacks.ModelCheckpoint(tmp_path / "{epoch}.weights.h5", save_weights_only=True)
    model.save(tmp_path / "a.keras")  # with npz inside
    keras.models.load_model(tmp_path / "a.keras")
