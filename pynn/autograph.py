"""TensorFlow's `tf.autograph`: pynn runs Python as it stands, so nothing is transformed or reported."""

from .support.missing import missing


def set_verbosity(level: int, alsologtostdout: bool = False) -> None:
    """Changes nothing: it says how much is reported of transformations, of which there are none."""


__getattr__ = missing(__name__)
