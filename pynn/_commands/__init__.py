"""What each subcommand of `pynn` does."""


class UserError(Exception):
    """What the user can put right: shown as one line, exit code 2, no traceback. Further arguments: further lines."""


def one_line(text: str) -> str:
    """Line ends and terminal codes, which file names may contain, as escapes."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
