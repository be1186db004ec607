"""The command line: one file per kind of command; every command takes --json."""

from __future__ import annotations

import sys

from likeness.cli import ask, data, prove
from likeness.cli.app import app, fail
from likeness.errors import LikenessError

__all__ = ["app", "ask", "data", "main", "prove"]


def main() -> None:
    """Run the command line; exit 2 with the reason and the remedy when a command could not run."""
    try:
        app()
    except LikenessError as error:
        sys.exit(fail(error, as_json="--json" in sys.argv))
    except OSError as error:
        remedy = "Check that the path exists and may be read and written."
        sys.exit(
            fail(
                LikenessError(f"{error.filename or ''}: {error.strerror or error}.", remedy=remedy),
                as_json="--json" in sys.argv,
            )
        )
    except KeyboardInterrupt:
        sys.stderr.write("\nStopped. The shop is consistent; run the same command again to go on.\n")
        sys.exit(130)
