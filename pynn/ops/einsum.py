"""Einstein summation, whose gradient is another Einstein summation."""

from __future__ import annotations

import functools
import string
from collections import Counter
from typing import Any

import numpy as np

from ..engine.convert import alike
from ..engine.dtypes import InvalidArgumentError
from ..engine.tape import record
from ..engine.tensor import Tensor
from ._call import run
from ._chain import sum_to
from ._pick import pick
from .arithmetic import broadcast_to
from .layout import reshape


def einsum(equation: str, *inputs: Any) -> Tensor:
    """Sums of products by labels of axes: "ij,jk->ik" is the product of matrices, "...": axes that broadcast."""
    terms, arrow, out = equation.replace(" ", "").partition("->")
    labels, tensors = terms.split(","), alike(inputs)
    if len(labels) != len(tensors):
        raise ValueError(f'Got {len(tensors)} inputs for equation "{equation}", expecting {len(labels)}')
    if not arrow:  # the labels that come once, in order
        counts = Counter(terms.replace("...", "").replace(",", ""))
        out = "..." * ("..." in terms) + "".join(sorted(c for c, n in counts.items() if n == 1))
    free = "".join(c for c in string.ascii_letters if c not in equation)
    most = max((t._array.ndim - len(s) + 3 for s, t in zip(labels, tensors, strict=True) if "..." in s), default=0)
    for i, (s, t) in enumerate(zip(labels, tensors, strict=True)):
        if "..." in s:
            labels[i] = s.replace("...", free[most - (t._array.ndim - len(s) + 3) : most])
        if len(labels[i]) != t._array.ndim:
            raise InvalidArgumentError(f"{s!r} does not name the axes of a tensor of shape {t.shape}")
    out = out.replace("...", free[:most])
    for label in out:
        if label not in "".join(labels) or out.count(label) > 1:
            raise ValueError(f"Output label {label!r} must come in an input, and once in the output: {equation}")
    return _contract(labels, out, tensors)


def _contract(labels: list[str], out: str, tensors: tuple[Tensor, ...]) -> Tensor:
    pairs = [_diagonal(s, t) for s, t in zip(labels, tensors, strict=True)]
    labels, tensors = [s for s, _ in pairs], tuple(t for _, t in pairs)
    arrays = [t._array for t in tensors]
    value = run(lambda: np.einsum(f"{','.join(labels)}->{out}", *arrays, optimize=len(arrays) > 1))
    if value.base is not None:  # "ij->ji" is a view
        value = value.copy()

    def by(i: int, g: Tensor) -> Tensor:
        others = [*labels[:i], *labels[i + 1 :]]
        known = set(out).union(*others)
        shared = "".join(c for c in labels[i] if c in known)
        part = _contract([out, *others], shared, (g, *tensors[:i], *tensors[i + 1 :]))
        if shared != labels[i]:  # axes that were only summed over: the same gradient all along them
            sizes = iter(part._array.shape)
            kept = [next(sizes) if c in known else 1 for c in labels[i]]
            full = [n if c in known else m for c, n, m in zip(labels[i], kept, arrays[i].shape, strict=True)]
            part = broadcast_to(reshape(part, kept), full)
        return sum_to(part, tensors[i])

    return record(value, tensors, lambda g: [functools.partial(by, i, g) for i in range(len(tensors))])


def _diagonal(labels: str, x: Tensor) -> tuple[str, Tensor]:
    """Labels without repeats, and the diagonal that they name."""
    once = "".join(dict.fromkeys(labels))
    return (labels, x) if once == labels else (once, pick(x, lambda a: np.einsum(f"{labels}->{once}", a)))
