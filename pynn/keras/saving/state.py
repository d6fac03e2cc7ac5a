"""The state of a training in one file: weights, optimizers, random numbers, and the writer's notes."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from ...engine import replicas
from ...engine.budget import limited
from ...ops import random
from ...support.atomic import replacing
from ..common.configuration import parsed
from ..layers import Layer
from ..random import SeedGenerator
from . import arrays, weights
from .arrays import Arrays, FilePath
from .paths import named_layers, named_optimizers, named_variables

NOTES = "training.json"  # the name of the text among the arrays, and in it the key of an array's; these begin with it


def save(model: Layer, path: FilePath, notes: dict[str, Any]) -> None:
    """Writes the state, all or nothing; notes: of JSON's types and, for `restore`, arrays."""
    names = {id(v): name for name, v in named_variables(model).items()}
    built = {
        start: [names.get(id(v)) for v, *_ in optimizer._state.values()]
        for start, (optimizer, _) in named_optimizers(model).items()
        if optimizer.built
    }
    random_states = [rng.bit_generator.state for rng in generators(model)]
    about = {"build": model.get_build_config(), "optimizers": built, "random": random_states, "notes": notes}
    stored = weights.stored(model, optimizers=True)

    def named(array: Any) -> dict[str, str]:
        """What JSON does not have stands beside it."""
        stored[name := f"{NOTES}/{len(stored)}"] = np.asarray(array)
        return {NOTES: name}

    text = json.dumps(about, default=named)
    stored[NOTES] = np.frombuffer(text.encode(), np.uint8)
    with replacing(Path(path)) as file:
        arrays.write(file, stored, ".npz")


def read(path: FilePath) -> dict[str, Any]:
    """The notes of a file. ValueError: it holds no state. FileNotFoundError: there is no file."""
    with arrays.opened(path, ".npz") as file:
        return _text(file, path)["notes"]


def restore(model: Layer, path: FilePath) -> dict[str, Any]:
    """Restores the model and the random generators, of `tf.random` and of layers with a seed; returns the notes.

    ValueError: the file holds no state, or one of another model.
    """
    with arrays.opened(path, ".npz") as file:
        text = _with_arrays(_text(file, path), file)
        del file[NOTES]
        if not model.built:
            with limited(sum(array.size for array in file.values())):
                model.build_from_config(text["build"] or {})
        streams, states = generators(model), text["random"]
        if len(streams) != len(states):
            raise ValueError(f"it has {len(states)} streams of random numbers, the model {len(streams)}")
        variables = named_variables(model)
        for start, (optimizer, _) in named_optimizers(model).items():
            if names := text["optimizers"].get(start):
                optimizer.build([variables[name] for name in names])
        weights.load(model, file)
        weights.load_optimizers(model, file, must_fit=True)
        for rng, state in zip(streams, states, strict=True):
            rng.bit_generator.state = state
    return text["notes"]


@contextmanager
def shared(path: FilePath, ranks: replicas.Ranks | None) -> Iterator[FilePath]:
    """The path; on a rank other than 0 that of a copy of its file, which may lie on another host's disk."""
    if ranks is None:
        yield path
        return
    content = ranks.broadcast(Path(path).read_bytes() if ranks.rank == 0 and os.path.exists(path) else None)
    with TemporaryDirectory() as folder:
        if ranks.rank:
            path = Path(folder, os.path.basename(path))
            if content is not None:
                path.write_bytes(content)
        yield path


def without_optimizers(names: Iterable[str]) -> list[str]:
    """Those of the names of a state's arrays that are names of weights."""
    return [name for name in names if not name.startswith(NOTES) and not weights.is_of_optimizer(name)]


def _text(file: Arrays, path: FilePath) -> dict[str, Any]:
    if NOTES not in file:
        raise ValueError("it holds no state of a training")
    if file[NOTES].size > os.path.getsize(path):  # `save` does not pack it
        raise ValueError(f"its {NOTES} unpacks to {file[NOTES].size:,} bytes")
    text = parsed(file[NOTES].read().tobytes())
    if not isinstance(text, dict) or not isinstance(text.get("notes"), dict):
        raise ValueError(f"its {NOTES} is damaged")
    return text


def _with_arrays(value: Any, file: Arrays) -> Any:
    """The text's value, the arrays in their places."""
    if isinstance(value, list):
        return [_with_arrays(item, file) for item in value]
    if not isinstance(value, dict):
        return value
    if [*value] == [NOTES]:
        return file.pop(value[NOTES]).read()  # each once: memory stays in proportion to the file
    return {name: _with_arrays(item, file) for name, item in value.items()}


def generators(model: Layer) -> list[np.random.Generator]:
    """All generators that training draws from, always in the same order."""
    found = [random.generator()]
    values: list[Any] = [vars(layer) for layer in named_layers(model).values()]
    for value in values:  # which grows while it is read
        if isinstance(value, (list, tuple, dict)):
            values += value.values() if isinstance(value, dict) else value
        elif isinstance(value, SeedGenerator):
            found.append(value.rng)
        elif isinstance(value, random.Generator):
            found.append(value._rng)
        elif isinstance(value, np.random.Generator):
            found.append(value)
    return found
