"""Tensors from shapes and numbers, and from other tensors by moving and repeating elements."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..engine import budget
from ..engine.convert import as_array, cast, convert_to_tensor, operand, to_axis, to_shape
from ..engine.dtypes import as_dtype
from ..engine.errors import InvalidArgumentError
from ..engine.tape import record
from ..engine.tensor import Operators, Tensor
from ..engine.typing import DTypeLike, Shape, TensorLike
from ._chain import sum_to
from .arithmetic import broadcast_to, float_pair, where
from .forms import pick
from .index import scatter
from .layout import reshape
from .reduce import reduce_sum


def _sizes(shape: Shape) -> tuple[int, ...]:
    sizes = to_shape(shape)
    if any(n < 0 for n in sizes):
        raise InvalidArgumentError(f"Sizes are 0 or more, got {sizes}")
    return sizes


def zeros(shape: Shape, dtype: DTypeLike = np.float32) -> Tensor:
    """A tensor of zeros."""
    return Tensor(np.zeros(_sizes(shape), as_dtype(dtype).dtype))


def ones(shape: Shape, dtype: DTypeLike = np.float32) -> Tensor:
    """A tensor of ones."""
    return Tensor(np.ones(_sizes(shape), as_dtype(dtype).dtype))


def fill(dims: Any, value: TensorLike) -> Tensor:
    """A tensor of this shape, each element `value`, whose type it has."""
    return broadcast_to(value, _sizes(dims))


def zeros_like(input: TensorLike, dtype: DTypeLike = None) -> Tensor:
    """Zeros of x's shape and, by default, its type."""
    a = operand(input)._array
    return Tensor(np.zeros(a.shape, a.dtype if dtype is None else as_dtype(dtype).dtype))


def ones_like(input: TensorLike, dtype: DTypeLike = None) -> Tensor:
    """Ones of x's shape and, by default, its type."""
    a = operand(input)._array
    return Tensor(np.ones(a.shape, a.dtype if dtype is None else as_dtype(dtype).dtype))


def eye(
    num_rows: int, num_columns: int | None = None, batch_shape: Any = None, dtype: DTypeLike = np.float32
) -> Tensor:
    """Ones on the diagonal, zeros beside it; with batch_shape, a stack of such matrices."""
    one = np.eye(num_rows, num_columns, dtype=as_dtype(dtype).dtype)
    return Tensor(one if batch_shape is None else np.broadcast_to(one, (*to_shape(batch_shape), *one.shape)).copy())


def range(start: Any, limit: Any = None, delta: TensorLike = 1, dtype: DTypeLike = None) -> Tensor:
    """start, start + delta, ... below limit; `range(limit)` counts from 0."""
    limits = (0, start, delta) if limit is None else (start, limit, delta)
    rank = ("int32", "int64", "float16", "float32", "float64").index  # TensorFlow's order, which is not NumPy's
    numbers = [as_array(n) if dtype is None or isinstance(n, Operators) else as_array(n, dtype) for n in limits]
    target = as_dtype(dtype or max((number.dtype.name for number in numbers), key=rank)).dtype
    first, last, step = (number.astype(target) for number in numbers)
    if not step:
        raise InvalidArgumentError("range needs a delta that is not 0")
    span = (last - first) / step if target.kind == "f" else -((first.item() - last.item()) // step.item())
    if not 0 <= span < math.inf:
        raise InvalidArgumentError(f"range from {first} by {step} does not come to {last}")
    return Tensor(first + np.arange(math.ceil(span), dtype=target) * step)


def linspace(start: Any, stop: Any, num: int, axis: int = 0) -> Tensor:
    """num values at equal steps from start to stop, both included; of arrays, along a new axis.

    Integers give the floats that `divide` makes of them.
    """
    first, last = float_pair(start, stop)
    kind = first._array.dtype
    axis = to_axis(axis, np.broadcast(first._array, last._array).ndim + 1)
    value = np.asarray(np.linspace(first._array, last._array, int(num), dtype=kind, axis=axis))
    share = np.linspace(0, 1, int(num), dtype=kind).reshape([-1] + [1] * (value.ndim - 1 - axis))

    def by(x: Tensor, part: np.ndarray, g: Tensor) -> Tensor:
        return sum_to(reduce_sum(g * part, axis), x)

    return record(value, (first, last), lambda g: (lambda: by(first, 1 - share, g), lambda: by(last, share, g)))


def one_hot(
    indices: TensorLike,
    depth: int,
    on_value: Any = None,
    off_value: Any = None,
    axis: int | None = None,
    dtype: DTypeLike = None,
) -> Tensor:
    """on_value (1) at each index along a new axis of size depth, by default the last, off_value (0) elsewhere.

    An index outside of it gives off_value alone. The dtype is that of the values given, else float32.
    """
    rows = as_array(indices)
    if rows.dtype.kind not in "iu":
        raise InvalidArgumentError(f"Indices are integers, got {rows.dtype}")
    dtypes = [as_array(v).dtype for v in (on_value, off_value) if v is not None]
    target = as_dtype(dtype).dtype if dtype is not None else dtypes[0] if dtypes else np.dtype(np.float32)
    if any(kind != target for kind in dtypes):
        raise TypeError(f"on_value and off_value are of dtypes {[str(k) for k in dtypes]}, not {target}")
    budget.allow((*rows.shape, int(depth)))
    hot = rows[..., None] == np.arange(int(depth))
    on, off = (target.type(d if v is None else as_array(v)) for v, d in ((on_value, 1), (off_value, 0)))
    value = hot.astype(target) if not dtypes else np.where(hot, on, off)
    return Tensor(value if axis in (None, -1) else np.moveaxis(value, -1, to_axis(axis, value.ndim)).copy())


def meshgrid(*args: Any, indexing: str = "xy") -> list[Tensor]:
    """The coordinates of a grid over 1-D inputs: each input repeated along the axes of the others."""
    if indexing not in ("xy", "ij"):
        raise ValueError(f"indexing is 'xy' or 'ij', got {indexing!r}")
    tensors = [operand(x) for x in args]
    places = list(enumerate(tensors))  # the axes of the grid, each an input's
    if indexing == "xy":
        places[:2] = places[1::-1]
    sizes = [x._array.size for _, x in places]
    return [broadcast_to(reshape(x, [-1 if i == j else 1 for j, _ in places]), sizes) for i, x in enumerate(tensors)]


def sequence_mask(lengths: Any, maxlen: int | None = None, dtype: DTypeLike = np.bool_) -> Tensor:
    """True at the first lengths[i] of maxlen places (by default the longest), false after them."""
    counts = as_array(lengths)
    places = np.arange(int(counts.max(initial=0)) if maxlen is None else int(maxlen))
    return Tensor((places < counts[..., None]).astype(as_dtype(dtype).dtype))


def constant(value: TensorLike, dtype: DTypeLike = None, shape: Shape | None = None, name: str = "Const") -> Tensor:
    """A Tensor of value; with `shape`, reshaped, or filled where value is one number.

    name: a label, which eager tensors do not keep (nor do TensorFlow's). TypeError: a shape of another size.
    """
    if dtype is not None and isinstance(value, Operators) and value.dtype != as_dtype(dtype):
        raise TypeError(f"Expected a tensor of dtype {as_dtype(dtype).name}, but got {value.dtype.name}: see tf.cast")
    tensor = convert_to_tensor(value, dtype)
    if shape is None:
        return tensor
    sizes = to_shape(shape)
    if tensor._array.size == 1:
        return fill(sizes, reshape(tensor, ()))
    if tensor._array.size != math.prod(sizes):
        raise TypeError(f"{tensor._array.size} values do not fill the shape {sizes}")
    return reshape(tensor, sizes)


def tile(input: TensorLike, multiples: Any) -> Tensor:
    """x repeated multiples[i] times along axis i."""
    x, times = operand(input), as_array(multiples)
    if times.shape != (x._array.ndim,):
        raise InvalidArgumentError(f"tile needs a number of repeats for each axis of {x.shape}, got {multiples!r}")
    return pick(x, lambda a: np.tile(a, to_shape(times)))


def repeat(input: TensorLike, repeats: Any, axis: int | None = None) -> Tensor:
    """Each element along the axis `repeats` times (one number, or one for each); no axis: of x laid out flat."""
    counts = as_array(repeats)
    return pick(operand(input), lambda a: np.repeat(a, counts, axis))


def reverse(tensor: TensorLike, axis: Any) -> Tensor:
    """x with the order of the elements reversed along the axes, a list."""
    x, axes = operand(tensor), as_array(axis)
    if axes.ndim != 1 or any(not -x._array.ndim <= i < x._array.ndim for i in axes):
        raise InvalidArgumentError(f"reverse needs a list of axes of a tensor of shape {x.shape}, got {axis!r}")
    return pick(x, lambda a: np.flip(a, to_shape(axes)))


def roll(input: TensorLike, shift: Any, axis: Any) -> Tensor:
    """x moved `shift` places along the axis; what falls off comes back at the other end. Lists: several axes."""
    return pick(operand(input), lambda a: np.roll(a, to_shape(shift), to_shape(axis)))


def pad(tensor: TensorLike, paddings: Any, mode: str = "CONSTANT", constant_values: Any = 0) -> Tensor:
    """x with paddings[i] = (before, after) elements more along axis i.

    mode: "CONSTANT" (constant_values), "REFLECT" (mirrored without the edge) or "SYMMETRIC" (with it).
    """
    x, widths = operand(tensor), as_array(paddings)
    if widths.shape != (x._array.ndim, 2):
        raise InvalidArgumentError(f"paddings must be {x._array.ndim} pairs (before, after), got {paddings!r}")
    mode = mode.upper()
    if mode == "CONSTANT":
        outside = np.pad(np.zeros(x._array.shape, bool), widths, constant_values=True)
        inner = tuple(slice(b, b + n) for (b, _), n in zip(widths.tolist(), x._array.shape, strict=True))
        return where(outside, cast(constant_values, x._array.dtype), scatter(x, inner, outside.shape))
    if mode not in ("REFLECT", "SYMMETRIC"):
        raise ValueError(f"mode is 'CONSTANT', 'REFLECT' or 'SYMMETRIC', got {mode!r}")
    most = np.array(x._array.shape) - (mode == "REFLECT")
    if (widths > most[:, None]).any():
        raise InvalidArgumentError(f"paddings {paddings!r} are larger than a mirror of shape {x.shape} gives")
    return pick(x, lambda a: np.pad(a, widths, mode.lower()))  # type: ignore[call-overload]
