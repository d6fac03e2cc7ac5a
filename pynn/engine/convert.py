"""Python numbers, lists and NumPy arrays to Tensors."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import chain
from operator import index
from typing import Any

import numpy as np

from kernels.dlpack import as_ndarray

from .call import quiet
from .dtypes import as_dtype
from .errors import InvalidArgumentError
from .tape import record
from .tensor import Operators, Tensor
from .typing import DTypeLike, TensorLike

_NUMBERS = {int, float, bool}


def as_array(value: Any, dtype: Any = None) -> np.ndarray:
    """An array of a known dtype; NumPy's data is not copied.

    NumPy's types stay. Python's floats become float32, its ints int32 (int64 where they do not fit). With
    dtype: numbers and arrays are converted; a Tensor must have it already (ValueError).
    """
    if isinstance(value, Operators):
        array = value._array
        if dtype is not None and as_dtype(dtype) != array.dtype:
            raise ValueError(
                f"Tensor conversion requested dtype {as_dtype(dtype).name} for Tensor with dtype "
                f"{array.dtype}: {value!r}. Write tf.cast(x, tf.{as_dtype(dtype).name})."
            )
        return array
    return pack(value, dtype)._array if holds_tensors(value) else _numbers(value, dtype)


def _numbers(value: TensorLike | None, dtype: DTypeLike) -> np.ndarray:
    """As `as_array`, of a value that holds no tensors."""
    if value is None or isinstance(value, dict):
        hint = " Does a function, or a layer's `call`, not return its result?" if value is None else ""
        raise ValueError(
            f"Attempt to convert a value ({value!r}) with an unsupported type ({type(value)}) to a Tensor.{hint}"
        )
    numpys = isinstance(value, (np.ndarray, np.generic))
    if not numpys and (hasattr(value, "__array__") or hasattr(value, "__dlpack__")):  # others' types stay, too
        return _numbers(as_ndarray(value, "the value"), dtype)
    try:
        array = np.asarray(value)
    except ValueError:
        raise ValueError("Can't convert non-rectangular Python sequence to Tensor.") from None
    if array.dtype == object and not numpys and isinstance(_first(value), int):
        raise ValueError("Can't convert Python sequence with out-of-range integer to Tensor.")
    try:
        as_dtype(array.dtype)
    except TypeError:
        raise TypeError(f"Cannot convert to a tensor: {no_numbers(array, 'the value')}") from None
    if dtype is not None:
        target = as_dtype(dtype).dtype
        lossy = (array.dtype.kind == "f" and target.kind in "iu") or (array.dtype.kind != "b" and target.kind == "b")
        if lossy and not numpys and array.size:
            raise TypeError(f"Cannot convert {value!r} to a tensor of dtype {target}: see tf.cast")
        return array.astype(target, copy=False)
    if numpys or array.dtype.kind == "b":
        return array
    if array.dtype.kind == "f":
        return array.astype(_first_float(value), copy=False)
    fits = not array.size or (array.min() >= -(2**31) and array.max() < 2**31)
    return array.astype(np.int32 if fits else np.int64, copy=False)


def no_numbers(array: np.ndarray, name: str) -> str:
    """The message about an array that holds neither real numbers nor bools: what it holds, and what to write."""
    kind = array.dtype.kind
    if kind in "UST" or (kind == "O" and any(isinstance(item, (str, bytes)) for item in array.flat)):
        return (
            f"{name} holds text (dtype {array.dtype}); pynn holds numbers and bools, no text: number the classes, "
            "`classes, y = np.unique(labels, return_inverse=True)`; digits written as text: `np.array(labels, int)`"
        )
    what = "objects" if kind == "O" else "no real numbers"
    return f"{name} holds {what} (dtype {array.dtype}): give numbers, e.g. by .astype(np.float32)"


def _first(value: TensorLike) -> Any:
    """The first leaf of lists and tuples."""
    while isinstance(value, (list, tuple)) and value:
        value = value[0]
    return value


def _first_float(value: TensorLike) -> np.dtype:
    """The float type of a sequence: its first leaf's if that is one of NumPy's, else float32."""
    first = _first(value)
    kind = np.asarray(first).dtype if hasattr(first, "dtype") else np.dtype(np.float32)
    return kind if kind.kind == "f" else np.dtype(np.float32)


def holds_tensors(value: Any) -> bool:
    """Whether a Tensor or Variable stands anywhere in nested lists and tuples."""
    nests = [value] if isinstance(value, (list, tuple)) else []
    while nests:  # one depth after the other, by types: many leaves have few
        kinds = set(map(type, chain.from_iterable(nests)))
        if kinds <= _NUMBERS:
            return False
        if any(issubclass(kind, Operators) for kind in kinds):
            return True
        nests = [v for v in chain.from_iterable(nests) if isinstance(v, (list, tuple))]
    return False


def pack(values: Any, dtype: Any = None) -> Tensor:
    """Nested lists that hold tensors, as one Tensor: numbers and arrays take the dtype of the tensors.

    dtype: the tensors are cast to it, as in TensorFlow. InvalidArgumentError: different shapes, or dtypes without it.
    """
    if dtype is not None:
        values = [
            cast(v, dtype) if isinstance(v, Operators) else pack(v, dtype) if holds_tensors(v) else v for v in values
        ]
    return stack(values)


def operand(x: Any) -> Tensor:
    """x as a Tensor: arrays are wrapped without a copy, lists of tensors are packed."""
    if type(x) is Tensor:
        return x
    if isinstance(x, Operators):
        return x._read()
    return pack(x) if holds_tensors(x) else Tensor(_numbers(x, None))


def floats(x: TensorLike, name: str) -> Tensor:
    """As `operand`, of a float type. InvalidArgumentError: integers or bools."""
    x = x if type(x) is Tensor else operand(x)
    if x._array.dtype.kind != "f":
        raise InvalidArgumentError(f"{name} needs a float tensor, got {x._array.dtype}: tf.cast(x, tf.float32)")
    return x


def pair(x: TensorLike, y: TensorLike) -> tuple[Tensor, Tensor]:
    """The operands of a binary operation: numbers and arrays take the dtype of the tensor beside them."""
    if type(x) is not Tensor or type(y) is not Tensor:
        if type(x) is Tensor or isinstance(x, Operators) or not (isinstance(y, Operators) or holds_tensors(y)):
            x = x if type(x) is Tensor else operand(x)
            y = operand(y) if isinstance(y, Operators) else _beside(x, y)
        else:
            y = operand(y)
            x = _beside(y, x)
    if x._array.dtype != y._array.dtype:
        wider = max(x._array.dtype, y._array.dtype, key=lambda dtype: (dtype.kind == "f", dtype.itemsize))
        raise InvalidArgumentError(
            f"Operands have different dtypes, {x._array.dtype} and {y._array.dtype}. "
            f"Write tf.cast(x, tf.{wider}) around the other."
        )
    return x, y


def alike(values: Any) -> tuple[Tensor, ...]:
    """Operands of one dtype: numbers and arrays take that of the first tensor among them."""
    values = [operand(v) if holds_tensors(v) else v for v in values]
    if not values:
        raise InvalidArgumentError("At least one tensor is needed")
    lead = operand(next((v for v in values if isinstance(v, Operators)), values[0]))
    return tuple([pair(v, lead)[0] for v in values])


def _beside(x: Tensor, value: TensorLike) -> Tensor:
    dtype, kind = x._array.dtype, type(value)
    if (kind is float and dtype.kind == "f") or (kind is int and dtype.kind in "fiu"):
        return Tensor(np.array(value, dtype))
    return pack(value, dtype) if holds_tensors(value) else Tensor(_numbers(value, dtype))


def convert_to_tensor(value: Any, dtype: Any = None, dtype_hint: DTypeLike = None) -> Tensor:
    """A Tensor of value; arrays are copied, a list of Tensors is stacked, a Tensor is returned as it is.

    dtype_hint: the dtype of the result, unless the value cannot be converted to it.
    """
    if type(value) is Tensor and dtype is None:
        return value
    if isinstance(value, Operators):
        as_array(value, dtype)  # a different dtype is an error
        return value if type(value) is Tensor else identity(value)
    if dtype is None and dtype_hint is not None:
        try:
            return convert_to_tensor(value, dtype_hint)
        except (TypeError, ValueError):
            pass
    if holds_tensors(value):
        return pack(value, dtype)
    return Tensor(np.array(_numbers(value, dtype)))


def identity(input: TensorLike) -> Tensor:
    """A new Tensor of x's values; of a Variable, of its present value."""
    x = operand(input) if isinstance(input, Operators) else convert_to_tensor(input)
    return record(x._array, (x,), lambda g: (lambda: g,))


def cast(x: TensorLike, dtype: DTypeLike) -> Tensor:
    """x with another element type; float to integer cuts off the fraction."""
    x, target = x if type(x) is Tensor else operand(x), as_dtype(dtype).dtype
    old = x._array.dtype
    if old == target:
        return identity(x)
    # integers in a float of 4 bytes or more overflow nowhere: no warning to silence
    exact = old.kind in "biu" and target.kind == "f" and target.itemsize > 2
    value = x._array.astype(target) if exact else quiet(x._array.astype, target)
    return record(value, (x,), lambda g: (lambda: cast(g, old),))


def stack(values: Sequence[Any], axis: int = 0) -> Tensor:
    """The values, all of one shape, joined along a new axis."""
    tensors = alike(values)
    shapes = [t._array.shape for t in tensors]
    if len(set(shapes)) > 1:
        raise InvalidArgumentError(f"Shapes of all inputs must match: got {shapes}")
    axis = to_axis(axis, len(shapes[0]) + 1)
    value = np.stack([t._array for t in tensors], axis)
    before = (slice(None),) * axis
    return record(value, tensors, lambda g: [partial(g.__getitem__, (*before, i)) for i in range(len(tensors))])


def to_shape(shape: Any) -> tuple[int, ...]:
    """Sizes as Python ints, from one int or a sequence of them; an int tensor may stand for either."""
    try:
        return tuple(map(index, shape))
    except TypeError:
        return (index(shape),)


def to_axis(axis: Any, ndim: int) -> int:
    """The axis as a Python int from 0 on. InvalidArgumentError: a tensor of ndim dimensions does not have it."""
    i = index(axis)
    if not -ndim <= i < ndim:
        raise InvalidArgumentError(f"axis {i} is out of bounds for a tensor of {ndim} dimensions")
    return i % ndim


def numpy_key(key: Any) -> tuple[Any, ...]:
    """The key of `getitem` as NumPy takes it. TypeError: something that cannot stand in it."""
    return tuple([_index(part) for part in (key if isinstance(key, (tuple, list)) else (key,))])


def _index(part: Any) -> Any:
    if part is None or part is Ellipsis or (isinstance(part, (int, np.integer)) and not isinstance(part, bool)):
        return part
    if isinstance(part, slice):
        return slice(*(None if i is None else int(i) for i in (part.start, part.stop, part.step)))
    if isinstance(part, (Operators, np.ndarray)):
        array = as_array(part)
        if array.dtype.kind in "iu" and not array.ndim:
            return int(array)
    raise TypeError(
        "Only integers, slices, ..., tf.newaxis, scalar int tensors and a bool mask alone are valid indices, "
        f"got {part!r}. For rows by number: tf.gather(x, indices)."
    )
