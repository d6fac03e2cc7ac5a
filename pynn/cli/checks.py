"""What the subcommands of `pynn` share: errors of the user's, files that are read, threads, folders to write in."""

import argparse
import os
import sys
import tempfile
import warnings
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path

from kernels.cpus import cpu_count


class UserError(Exception):
    """What the user can put right: shown as one line, exit code 2, no traceback. Further arguments: further lines."""


def one_line(text: str) -> str:
    """Line ends and terminal codes, which file names may contain, as escapes."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def known(name: str, names: Collection[str], what: str) -> None:
    """UserError, with what may have been meant, if the name is not there."""
    if name not in names:
        near = get_close_matches(name, names, n=1, cutoff=0.4)
        hint = f" (did you mean {near[0]}?)" if near else ""
        raise UserError(f"there is no {what} {name!r}{hint}", f"there are: {', '.join(names)}")


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
        text = str(error).replace(name, one_line(name)).partition("\n")[0]
        text = f"{text[:300]}..." if len(text) > 300 else text  # files may put anything into an error's text
        if isinstance(error, MemoryError):
            text = "not enough memory"
        elif not isinstance(error, (OSError, ValueError)):  # "KeyError 'name'"
            text = f"{type(error).__name__} {text}".strip()
        text = text or type(error).__name__
        name = one_line(name)
        if text.startswith((f"{name}:", f"{name}{os.sep}")):
            raise UserError(text) from None
        raise UserError(f"{name}: not {kind}, or damaged ({text})" if kind else f"{name}: {text}") from None


def capped_threads(arguments: argparse.Namespace) -> int | None:
    """--threads, but, with a warning, no more than there are CPUs, unless --oversubscribe says so; None: not given."""
    cpus = cpu_count()
    if arguments.threads is None or arguments.threads <= cpus or arguments.oversubscribe:
        return arguments.threads
    about = (
        f"{arguments.threads} threads on {cpus} CPUs would wait for each other: {cpus} are used (or --oversubscribe)"
    )
    print(f"pynn {arguments.command}: warning: --threads: {about}", file=sys.stderr)
    return cpus


def writable_folder(name: str) -> Path:
    """The folder of --output, made if need be. UserError: none can be written in there."""
    if not name:
        raise UserError("--output is empty: give the name of a folder")
    folder = Path(name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except FileExistsError:
        raise UserError(f"--output {name} is a file, not a folder") from None
    except (OSError, ValueError) as error:
        raise UserError(f"cannot write in --output {name}: {getattr(error, 'strerror', error)}") from None
    return folder
