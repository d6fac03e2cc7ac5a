"""What each subcommand of `pynn` does."""

from collections.abc import Iterator
from contextlib import contextmanager


class UserError(Exception):
    """What the user can put right: shown as one line, exit code 2, no traceback. Further arguments: further lines."""


def one_line(text: str) -> str:
    """Line ends and terminal codes, which file names may contain, as escapes."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


@contextmanager
def reading(name: str) -> Iterator[None]:
    """Whatever goes wrong inside is the fault of the file that is being read: a UserError, one line that names it."""
    try:
        yield
    except UserError:
        raise
    except Exception as error:  # damaged bytes make readers raise almost anything
        text = getattr(error, "strerror", None) or str(error).partition("\n")[0] or type(error).__name__
        raise UserError(text if name in text else f"{name}: {text}") from None
