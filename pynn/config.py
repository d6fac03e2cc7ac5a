"""TensorFlow's `tf.config`: what pynn runs on. There is one device, the CPU, and everything runs at once."""

from __future__ import annotations

from typing import Any, NamedTuple

import kernels

from . import _threading as threading  # noqa: F401  tf.config.threading
from .support.missing import missing


class PhysicalDevice(NamedTuple):
    """A device of this machine.

    name: as in "/physical_device:CPU:0"
    device_type: "CPU"
    """

    name: str
    device_type: str


class LogicalDevice(NamedTuple):
    """A device as programs name it.

    name: as in "/device:CPU:0"
    device_type: "CPU"
    """

    name: str
    device_type: str


def list_physical_devices(device_type: str | None = None) -> list[PhysicalDevice]:
    """The CPU; of any other type ("GPU") there are none."""
    return [PhysicalDevice("/physical_device:CPU:0", "CPU")] if device_type in (None, "CPU") else []


def list_logical_devices(device_type: str | None = None) -> list[LogicalDevice]:
    """The CPU; of any other type ("GPU") there are none."""
    return [LogicalDevice("/device:CPU:0", "CPU")] if device_type in (None, "CPU") else []


def run_functions_eagerly(run_eagerly: bool) -> None:
    """Changes nothing: pynn runs everything at once, and False would ask for the same results."""


def functions_run_eagerly() -> bool:
    """True."""
    return True


def show() -> dict[str, Any]:
    """How the kernels were built and run: compiler, instruction set, threads."""
    return kernels.show_config()


__getattr__ = missing(__name__)
