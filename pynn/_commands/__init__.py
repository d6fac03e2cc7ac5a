"""What each subcommand of `pynn` does."""


class UserError(Exception):
    """What the user can put right: shown as one line, exit code 2, no traceback."""
