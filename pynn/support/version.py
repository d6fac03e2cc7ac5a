"""The version of the distribution, said here alone: setup.py compiles it into `kernels`."""

__version__ = "0.1.0"
