"""What each subcommand of `pynn` does."""

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


class UserError(Exception):
    """What the user can put right: shown as one line, exit code 2, no traceback. Further arguments: further lines."""


def one_line(text: str) -> str:
    """Line ends and terminal codes, which file names may contain, as escapes."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


@contextmanager
def reading(name: str, kind: str = "") -> Iterator[None]:
    """Whatever goes wrong inside is the fault of the file that is being read: a UserError, one line that names it.

    kind: what the file should be, "a results.json of `pynn bench`", for errors that do not say so themselves.
    """
    try:
        if os.path.exists(name) and not (os.path.isfile(name) or os.path.isdir(name)):
            raise ValueError("a device or a pipe; give a file")  # opened, it might wait for ever, or never end
        with warnings.catch_warnings(action="ignore"):  # readers' words on damaged bytes: the error is the one line
            yield
    except UserError:
        raise
    except Exception as error:  # damaged bytes make readers raise almost anything
        if isinstance(error, OSError) and error.strerror:
            raise UserError(f"{error.filename or name}: {error.strerror}") from None
        told = isinstance(error, (OSError, ValueError, SyntaxError))  # SyntaxError: pillow's word for a broken PNG
        text = shortened(str(error) if told else f"{type(error).__name__}: {error}")
        if kind:
            text = f"not {kind}, or damaged ({text})"
        raise UserError(text if text.startswith((f"{name}:", f"{name}{os.sep}")) else f"{name}: {text}") from None


def shortened(text: str) -> str:
    """Its first line, or the beginning of it: files may put anything into an error's text."""
    line = text.partition("\n")[0]
    return line if len(line) <= 300 else f"{line[:297]}..."
