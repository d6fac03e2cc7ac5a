"""`python -m pynn`: the same as the `pynn` command."""

import sys

from .cli.main import main

sys.exit(main())
