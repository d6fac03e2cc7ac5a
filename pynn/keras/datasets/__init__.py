"""Data sets by Keras's names (mnist, fashion_mnist), and load_folder for your own files in their form."""

from ...support.missing import missing
from . import fashion_mnist, mnist
from .folder import load_folder

__all__ = ["fashion_mnist", "load_folder", "mnist"]

__getattr__ = missing(__name__)
