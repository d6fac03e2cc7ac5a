"""Arrays across: PyTorch's and JAX's into kernels, operations and fit, tensors into PyTorch and JAX, in one memory.

In an environment that has them beside pynn (pip install torch jax .): python -P tests/parity/arrays.py.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import torch

import kernels
import pynn as tf
from pynn import keras

TYPES = "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64"
REFUSED = {
    "requires_grad": lambda: torch.ones(2, requires_grad=True),
    "bfloat16": lambda: torch.ones(2, dtype=torch.bfloat16),
    "sparse": lambda: torch.eye(2).to_sparse(),
    "another device": lambda: torch.ones(2, device="meta"),
    "negative bit": lambda: torch.ones(2, dtype=torch.complex64).conj().imag,
}


def layouts(x):
    """x (4, 6), and views of it: transposed, with steps, a row, one without axes, none at all."""
    return x, x.T, x[::2, 1::3], x[1], x[1, 1, ...], x[:0]


def given_by_torch(dtype: str) -> None:
    for a in layouts(torch.arange(24).reshape(4, 6).to(getattr(torch, dtype))):
        read = kernels.dlpack.as_ndarray(a, "a")
        assert read.ctypes.data == a.data_ptr() or not a.numel()
        tensor = tf.constant(a)
        assert tensor.dtype == dtype and tensor.shape == tuple(a.shape) and np.array_equal(tensor, a)
        if dtype in ("float32", "float64"):
            assert np.array_equal(kernels.relu(a), a) and np.array_equal(tf.nn.relu(a), a)
            assert type(tensor + a) is type(a + tensor) is tf.Tensor and np.array_equal(a + tensor, 2 * a)


def given_by_jax(dtype: str) -> None:
    for a in layouts(jnp.arange(24).reshape(4, 6).astype(dtype)):
        read = kernels.dlpack.as_ndarray(a, "a")
        assert not read.flags.writeable and (read.ctypes.data == a.unsafe_buffer_pointer() or not a.size)
        tensor = tf.constant(a)
        assert tensor.dtype == dtype and tensor.shape == a.shape and np.array_equal(tensor, a)
        if dtype in ("float32", "float64"):
            assert np.array_equal(kernels.relu(a), a) and np.array_equal(tf.nn.relu(a), a)
            assert type(tensor + a) is type(a + tensor) is tf.Tensor and np.array_equal(a + tensor, 2 * a)


def taken(dtype: str) -> None:
    place = np.zeros(24 * 8 + 64, np.uint8)
    start = -place.ctypes.data % 64  # JAX copies what does not begin at a multiple of 64 bytes
    x = place[start : start + 24 * np.dtype(dtype).itemsize].view(dtype).reshape(4, 6)
    x[:] = np.arange(24).reshape(4, 6)
    for a in (*layouts(x), x[::-1], np.broadcast_to(x, (2, 4, 6))):
        tensor = tf.Tensor(a)
        for one in (torch.from_dlpack(tensor), torch.as_tensor(tensor)):
            assert not a.size or (one.data_ptr() == a.ctypes.data) == a.flags.forc
            assert np.array_equal(one, a) and np.array_equal(jnp.from_dlpack(tensor), a)
        assert torch.from_dlpack(tensor, copy=True).data_ptr() != a.ctypes.data
    assert jnp.from_dlpack(tf.Tensor(x)).unsafe_buffer_pointer() == x.ctypes.data


def refused(name: str) -> None:
    for read in (kernels.relu, tf.constant, lambda x: keras.layers.Dense(1)(x)):
        try:
            read(REFUSED[name]())
        except (TypeError, ValueError) as error:
            assert ".detach().cpu().float()" in str(error), error
        else:
            raise AssertionError(f"{name} is read")


def trained() -> None:
    """fit on PyTorch's and JAX's arrays, by the same bits as on NumPy's."""
    x, y = np.random.default_rng(0).random((64, 8), np.float32), np.arange(64) % 3
    weights = []
    for data in ((x, y), (torch.tensor(x), torch.tensor(y)), (jnp.array(x), jnp.array(y))):
        keras.utils.set_random_seed(0)
        model = keras.Sequential([keras.layers.Dense(16, "relu"), keras.layers.Dense(3, "softmax")])
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(*data, epochs=2, verbose=0)
        assert model.predict(data[0], verbose=0).shape == (64, 3)
        weights.append([w.tobytes() for w in model.get_weights()])
    assert weights[0] == weights[1] == weights[2]


if __name__ == "__main__":
    jax.config.update("jax_enable_x64", True)
    for dtype in TYPES.split():
        given_by_torch(dtype)
        given_by_jax(dtype)
        taken(dtype)
    for name in REFUSED:
        refused(name)
    trained()
