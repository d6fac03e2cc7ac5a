"""What a configuration asks for, memory and work, is in proportion to its file: measured, as no test allocates it."""

from __future__ import annotations

import io
import json
import tracemalloc
import zipfile
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from pynn import keras
from pynn.engine import budget
from pynn.keras import layers
from pynn.keras.models import model_from_json
from pynn.keras.saving import files

MOST = 2**27  # bytes, as tracemalloc counts them; what these configurations ask for takes gigabytes


def layer(cls, module="keras.layers", **config):
    return {"module": module, "class_name": cls, "config": config, "registered_name": None}


def entry(shape, dtype="float32"):
    return layer("InputLayer", batch_shape=[None, *shape], dtype=dtype)


def stack(*entries):
    return layer("Sequential", "keras", name="a", layers=list(entries))


def graph(inputs, calls):
    """A Functional: `inputs` are shapes, `calls` are (layer, arguments...), each of them a number below, or a value."""
    names = [f"x{i}" for i in range(len(inputs) + len(calls))]

    def argument(x):
        if isinstance(x, list):
            return [argument(item) for item in x]
        if type(x) is not int:
            return x
        return {"class_name": "__keras_tensor__", "config": {"keras_history": [names[x], 0, 0]}}

    def node(i, made, nodes):
        return made | {"name": names[i], "config": made["config"] | {"name": names[i]}, "inbound_nodes": nodes}

    made = [node(i, entry(shape), []) for i, shape in enumerate(inputs)]
    for i, (one, *args) in enumerate(calls, len(inputs)):
        made.append(node(i, one, [{"args": [argument(x) for x in args], "kwargs": {}}]))
    ends = {"input_layers": [[n, 0, 0] for n in names[: len(inputs)]], "output_layers": [[names[-1], 0, 0]]}
    return layer("Functional", "keras", name="a", layers=made, **ends)


def operation(name):
    return layer(name, "keras.src.ops.numpy")


def doubling(levels):
    """A model that calls the one inside it twice, and so on: as many calls as 2 to the power of the levels."""
    model = graph([(1,)], [(layer("Flatten"), 0)])
    for level in range(levels):
        model["config"]["name"] = f"m{level}"
        model = graph([(1,)], [(model, 0)])
        calls = model["config"]["layers"][1]["inbound_nodes"]
        calls.append(json.loads(json.dumps(calls[0]).replace("x0", "x1")))
        model["config"]["output_layers"] = [["x1", 1, 0]]
    return model


def write(path, config):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("metadata.json", "{}")
        archive.writestr("config.json", config if isinstance(config, str) else json.dumps(config))
        np.savez(file := io.BytesIO())
        archive.writestr("model.weights.npz", file.getvalue())


WIDE, SIDE = 2**20, 2**13
LARGE = {
    "dense": stack(entry((SIDE, 1)), layer("Dense", units=SIDE)),
    "embedding": stack(entry((SIDE,), "int32"), layer("Embedding", input_dim=1, output_dim=SIDE)),
    "repeat": stack(entry((SIDE,)), layer("RepeatVector", n=SIDE)),
    "encoding": stack(entry((SIDE,), "int32"), layer("CategoryEncoding", num_tokens=SIDE)),
    "rescaling": stack(entry((SIDE * 8, 1)), layer("Rescaling", scale=[[1.0] * 2000])),
    "add": graph([(SIDE, 1), (1, SIDE)], [(operation("Add"), 0, 1)]),
    "less": graph([(SIDE, 1), (1, SIDE)], [(operation("Less"), 0, 1)]),
    "merge": graph([(SIDE, 1), (1, SIDE)], [(layer("Maximum"), [0, 1])]),
    "matmul": graph([(SIDE, 1), (1, SIDE)], [(operation("Matmul"), 0, 1)]),
    "dot": graph([(SIDE, 1), (1, SIDE)], [(layer("Dot", axes=(2, 1)), [0, 1])]),
    "concatenate": graph([(2**18,)], [(layer("Concatenate"), [0] * 40)]),
    "inside": stack(entry((SIDE, 1)), stack(entry((None, 1)), layer("Dense", units=SIDE))),
    "input": stack(entry((2**31,)), layer("Flatten")),
}
LONG = {
    "relu": stack(entry((WIDE,)), *[layer("Activation", activation="relu")] * 100),
    "softmax": stack(entry((WIDE,)), *[layer("Softmax")] * 100),
    "products": graph([(1000, 1000)], [(layer("Dot", axes=1), [0, 0])] * 50),
    "calls": doubling(30),
    "backwards": {
        **(g := graph([(1,)], [(layer("Flatten"), i) for i in range(300)])),
        "config": g["config"] | {"layers": g["config"]["layers"][::-1]},
    },
}


@pytest.mark.parametrize("name", LONG)
def test_work_that_a_small_file_asks_for(name, tmp_path):
    write(tmp_path / "a.keras", LONG[name])
    with pytest.raises(ValueError, match="asks for more work"):
        keras.models.load_model(tmp_path / "a.keras")


@pytest.mark.parametrize("name", LARGE)
def test_memory_that_a_small_file_asks_for(name, tmp_path):
    write(tmp_path / "a.keras", LARGE[name])
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="asks for an array of"):
            keras.models.load_model(tmp_path / "a.keras")
        assert tracemalloc.get_traced_memory()[1] < MOST
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("shape", "made", "limits"),
    [
        ((700,), [layers.Dense(700), layers.Dense(700)], {"WORK": 2**18, "SAMPLE": 0}),  # all weights are drawn first
        ((800, 800), [layers.Flatten(), layers.Dense(1)], {"SAMPLE": 0}),  # three samples are made
        ((1000, 512), [layers.Dense(512), layers.Dense(512), layers.Dense(1)], {}),  # each weight is used 1000 times
    ],
    ids=["weights", "picture", "sequence"],
)
def test_models_that_are_worth_their_weights(shape, made, limits, tmp_path, monkeypatch):
    model = keras.Sequential([keras.Input(shape), *made])
    model.save(tmp_path / "a.keras")
    for name, value in limits.items():
        monkeypatch.setattr(budget, name, value)
    loaded = keras.models.load_model(tmp_path / "a.keras")
    for a, b in zip(loaded.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("metric", [layer("AUC", "keras.metrics", num_thresholds=2**16),
                                    layer("AUC", "keras.metrics", multi_label=True, num_labels=300)])  # fmt: skip
def test_metrics_share_what_a_file_may_have(metric, tmp_path):
    """One of them is small enough; a hundred are not."""
    model = keras.Sequential([keras.Input((2,)), layers.Dense(2)])
    config = keras.saving.serialize_keras_object(model)
    arrays = {f"layers/dense/vars/{i}": w for i, w in enumerate(model.get_weights())}
    np.savez(file := io.BytesIO(), **arrays)
    for count in (1, 100):
        config["compile_config"] = {"optimizer": "adam", "loss": "mse", "metrics": [metric] * count}
        with zipfile.ZipFile(tmp_path / "a.keras", "w") as archive:
            archive.writestr("config.json", json.dumps(config))
            archive.writestr("model.weights.npz", file.getvalue())
        if count == 1:
            keras.models.load_model(tmp_path / "a.keras")
    with pytest.raises(ValueError, match="asks for more weights than the 6 numbers"):
        keras.models.load_model(tmp_path / "a.keras")


def test_numbers_that_a_file_holds_are_allowed():
    with budget.limited(2**24):
        budget.spend(2**24 + 2**19)
        budget.allow((2**12, 2**12))
        with budget.limited(0), pytest.raises(budget.Exceeded, match="than the 0 numbers"):
            budget.spend(budget.SPARE + 1)
        with pytest.raises(budget.Exceeded):
            budget.spend(2**19 + 1)
        with ThreadPoolExecutor(1) as other:  # which has no limit
            other.submit(budget.spend, 2**60).result()
            other.submit(budget.allow, (2**60,)).result()
    budget.spend(2**60)
    budget.allow((2**60,))
    assert not budget.opened


@pytest.mark.parametrize("kind", ["stack", "graph"])
def test_models_inside_are_worth_their_layers(kind):
    model = keras.Sequential([keras.Input((1,)), *[layers.Flatten() for _ in range(100)]])
    model = model if kind == "stack" else keras.Model(model.input, model.output)
    with budget.limited(0):
        before = budget._budget.work
        model(np.zeros((1, 1)))
        assert before - budget._budget.work >= 100 * budget.CALL


@pytest.mark.parametrize("size", [2**18, 2**25])
def test_a_configuration_is_no_longer_than_its_file_warrants(size, tmp_path, monkeypatch):
    text = json.dumps(stack(entry((2,)), layer("Flatten")))
    write(tmp_path / "a.keras", text + " " * size)
    for load in (keras.models.load_model, keras.Sequential([keras.Input((2,)), layers.Flatten()]).load_weights):
        with pytest.raises(ValueError, match=r"no config\.json of a sensible size"):
            load(tmp_path / "a.keras")
    write(tmp_path / "a.keras", text)
    keras.models.load_model(tmp_path / "a.keras")
    monkeypatch.setattr(files, "MOST_CONFIG", len(text) - 1)  # however large the file is
    with pytest.raises(ValueError, match=r"no config\.json of a sensible size"):
        keras.models.load_model(tmp_path / "a.keras")


@pytest.mark.parametrize("text", [
    "[" * 100_000, '{"a":' * 20_000, '[{"a":' * 200, "[" * 257 + "]" * 257,
    r'["\\", ' + "[" * 257 + r'"\\"', r'["\"", ' + "[" * 257 + r'"\""',
], ids=["lists", "dicts", "both", "closed", "behind a backslash", "behind a quote"])  # fmt: skip
def test_nesting_is_counted_before_it_is_parsed(text, tmp_path, run_python):
    """The parser's C code has a limit that a program may raise, and a thread's stack may be smaller than that."""
    write(tmp_path / "a.keras", text)
    (tmp_path / "a.json").write_text(text)
    done = run_python("""
import sys, threading
from pynn import keras
sys.setrecursionlimit(10**7)
threading.stack_size(2**18)
def load():
    for function, given in (keras.models.load_model, "a.keras"), (keras.models.model_from_json, open("a.json").read()):
        try:
            function(given)
        except ValueError as error:
            print(error)
thread = threading.Thread(target=load)
thread.start()
thread.join()
""")
    assert done.stdout.count("nested deeper than 256 levels") == 2, done.stderr


def test_nesting_in_strings_is_none():
    model = keras.Sequential([keras.Input((2,)), layers.Flatten(name="[{" * 300 + '"\\')], name="\\" * 3 + '"[')
    assert model_from_json(model.to_json()).get_config() == model.get_config()
