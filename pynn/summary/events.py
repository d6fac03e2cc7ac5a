"""What event files hold, made by the tensorboard package itself, without TensorFlow."""

from __future__ import annotations

import io
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np

from ..engine.convert import as_array
from ..engine.typing import TensorLike
from ..support.extras import install

if TYPE_CHECKING:
    from tensorboard.compat.proto.summary_pb2 import Summary


def tensorboard() -> ModuleType:
    """The package. ImportError: it is not installed."""
    try:
        import tensorboard
    except ImportError as error:
        raise ImportError(f"tensorboard is missing: {install('tensorboard')}") from error
    return tensorboard


def scalar(tag: str, data: TensorLike, description: str | None = None) -> Summary:
    """A number, as float32. ValueError: data is no scalar, or no number."""
    from tensorboard.plugins.scalar.summary_v2 import scalar_pb

    return scalar_pb(tag, as_array(data), description)


def histogram(tag: str, data: TensorLike, buckets: int | None = None, description: str | None = None) -> Summary:
    """How often values occur, in `buckets` (30) intervals of one width."""
    from tensorboard.plugins.histogram.summary_v2 import histogram_pb

    return histogram_pb(tag, as_array(data), buckets, description)


def text(tag: str, data: str | np.ndarray, description: str | None = None) -> Summary:
    """A string (Markdown), or an array of strings."""
    from tensorboard.plugins.text.summary_v2 import text_pb

    return text_pb(tag, data, description)


def image(tag: str, data: TensorLike, max_outputs: int = 3, description: str | None = None) -> Summary:
    """The first max_outputs of k images (k, height, width, 1 to 4 channels): uint8, or floats from 0 to 1."""
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.plugins.image.metadata import create_summary_metadata
    from tensorboard.util.tensor_util import make_tensor_proto

    images = as_array(data)
    if images.ndim != 4:
        raise ValueError(f"Images must have rank 4. Received rank {images.ndim}, shape {images.shape}")
    sizes = [str(images.shape[2]).encode(), str(images.shape[1]).encode()]
    tensor = make_tensor_proto([*sizes, *map(_png, images[:max_outputs])], dtype=np.object_)
    metadata = create_summary_metadata(None, description)
    return Summary(value=[Summary.Value(tag=tag, metadata=metadata, tensor=tensor)])


def _png(image: np.ndarray) -> bytes:
    """An image (height, width, channels) in PNG's format; floats are clipped to [0, 1], as TensorFlow does."""
    try:
        from PIL import Image
    except ImportError as error:
        raise ImportError(f"Pillow is missing: {install('tensorboard')}") from error

    if image.dtype.kind == "f":
        image = np.clip(image * 255.5, 0, 255).astype(np.uint8)
    if image.dtype != np.uint8:
        raise TypeError(f"Images are uint8 or floats from 0 to 1, got {image.dtype}: write tf.cast(...)")
    stream = io.BytesIO()
    Image.fromarray(image[:, :, 0] if image.shape[2] == 1 else image).save(stream, format="PNG")
    return stream.getvalue()
