"""Event files, which TensorBoard reads: written by the tensorboard package itself, without TensorFlow."""

from __future__ import annotations

import io
import operator
import time
import weakref
from types import ModuleType
from typing import Any

import numpy as np

from ..engine.convert import as_array
from ..support.extras import install


def tensorboard() -> ModuleType:
    """The package. ImportError: it is not installed."""
    try:
        import tensorboard
    except ImportError as error:
        raise ImportError(f"tensorboard is missing: {install('tensorboard')}") from error
    return tensorboard


class EventFile:
    """A new event file in the folder `logdir`, which is made if it is missing.

    Events are on the disk after `flush` or `close`. The file is closed at the end of the program at the latest.

    logdir: the folder
    max_queue: how many events wait at most until they are written
    flush_secs: seconds that they wait at most
    suffix: end of the file's name
    """

    def __init__(self, logdir: str, max_queue: int = 10, flush_secs: float = 120, suffix: str = ".v2") -> None:
        tensorboard()
        from tensorboard.summary.writer.event_file_writer import EventFileWriter

        self._writer = EventFileWriter(logdir, max_queue, flush_secs, suffix)
        self._finish = weakref.finalize(self, self._writer.close)

    @property
    def closed(self) -> bool:
        return not self._finish.alive

    def flush(self) -> None:
        """Writes everything so far to the disk."""
        if not self.closed:
            self._writer.flush()

    def close(self) -> None:
        """Flushes; nothing can be written after this."""
        self._finish()

    def scalar(self, tag: str, data: Any, step: Any, description: str | None = None) -> None:
        """A number, as float32. ValueError: data is no scalar, or no number."""
        from tensorboard.plugins.scalar.summary_v2 import scalar_pb

        self._add(scalar_pb(tag, as_array(data), description), step)

    def histogram(
        self, tag: str, data: Any, step: Any, buckets: int | None = None, description: str | None = None
    ) -> None:
        """How often values occur, in `buckets` (30) intervals of one width."""
        from tensorboard.plugins.histogram.summary_v2 import histogram_pb

        self._add(histogram_pb(tag, as_array(data), buckets, description), step)

    def text(self, tag: str, data: Any, step: Any, description: str | None = None) -> None:
        """A string (Markdown), or an array of strings."""
        from tensorboard.plugins.text.summary_v2 import text_pb

        self._add(text_pb(tag, data, description), step)

    def image(self, tag: str, data: Any, step: Any, max_outputs: int = 3, description: str | None = None) -> None:
        """The first max_outputs of k images (k, height, width, 1 to 4 channels): uint8, or floats from 0 to 1."""
        from tensorboard.compat.proto.summary_pb2 import Summary
        from tensorboard.plugins.image.metadata import create_summary_metadata
        from tensorboard.util.tensor_util import make_tensor_proto

        images = as_array(data)
        if images.ndim != 4:
            raise ValueError(f"Images must have rank 4. Received rank {images.ndim}, shape {images.shape}")
        sizes = [str(images.shape[2]).encode(), str(images.shape[1]).encode()]
        pictures = [_png(image) for image in images[:max_outputs]]
        tensor = make_tensor_proto([*sizes, *pictures], dtype=np.object_)
        metadata = create_summary_metadata(None, description)
        self._add(Summary(value=[Summary.Value(tag=tag, metadata=metadata, tensor=tensor)]), step)

    def _add(self, summary: Any, step: Any) -> None:
        from tensorboard.compat.proto.event_pb2 import Event

        self._writer.add_event(Event(wall_time=time.time(), step=operator.index(step), summary=summary))


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
