"""The version, which `pynn` and `pynn.keras` show."""

__version__ = "0.1.0"
