"""TensorFlow's `tf.autograph`: pynn runs Python as it stands, so there is nothing to transform and to tell of."""

from ._missing import missing


def set_verbosity(level: int, alsologtostdout: bool = False) -> None:
    """How much is told of the transformations of functions, of which there are none."""


__getattr__ = missing(__name__)
