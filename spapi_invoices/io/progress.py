"""Shows how far a fetch is: a bar in a terminal and in Jupyter, or whatever the caller does with it. Not for counting."""

import io
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from spapi_invoices.io.answers import Progress

Advance = Callable[[Progress], None]
# A function that is told; ``True`` for a bar; ``None`` or ``False`` for nothing.
Show = Advance | bool | None


@contextmanager
def shown(show: Show, unit: str) -> Iterator[Advance]:
    """What to tell of each step.

    Args:
        show: The caller's wish.
        unit: What is counted, as ``window``.
    """
    if callable(show):
        yield show
    elif show:
        with _bar(unit) as advance:
            yield advance
    else:
        yield _nothing


@contextmanager
def _bar(unit: str) -> Iterator[Advance]:
    # Only here: it looks for a notebook when it is imported.
    from tqdm.auto import tqdm  # noqa: PLC0415

    with tqdm(unit=unit, dynamic_ncols=True, file=_Screen()) as bar:

        def advance(progress: Progress) -> None:
            if bar.total != progress.total:
                # Not by setting it: the bar in a notebook would be full from the first step on.
                bar.reset(total=progress.total)
            bar.set_postfix(rows=progress.rows, refresh=False)
            bar.update(progress.done - bar.n)
            bar.refresh()

        yield advance


class _Screen(io.TextIOBase):
    """Stderr, as far as it can be written to: a bar must cost nobody his data."""

    def write(self, text: str) -> int:
        with suppress(OSError, ValueError, AttributeError):
            sys.stderr.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError, ValueError, AttributeError):
            sys.stderr.flush()

    def fileno(self) -> int:
        return sys.stderr.fileno()

    def isatty(self) -> bool:
        with suppress(OSError, ValueError, AttributeError):
            return sys.stderr.isatty()
        return False


def _nothing(_: Progress) -> None:
    """Nobody wants to know."""
