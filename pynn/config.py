"""TensorFlow's `tf.config`: what pynn runs on. There is one device, the CPU."""

from __future__ import annotations

from typing import NamedTuple

from .support.missing import missing


class PhysicalDevice(NamedTuple):
    """A device of this machine.

    name: as in "/physical_device:CPU:0"
    device_type: "CPU"
    """

    name: str
    device_type: str


def list_physical_devices(device_type: str | None = None) -> list[PhysicalDevice]:
    """The CPU; of any other type ("GPU") there are none."""
    return [PhysicalDevice("/physical_device:CPU:0", "CPU")] if device_type in (None, "CPU") else []


__getattr__ = missing(__name__)
