"""Runs a plugin's code, and keeps what goes wrong with it. Not for which code, nor when.

It may raise anything: a Rust panic and ``SystemExit`` are no `Exception`, and neither is a reason to end. Ctrl-C is.
"""

import contextlib
import sys
import traceback
import warnings
from collections.abc import Callable
from functools import cache

from spapi_invoices.plugins.installed import brought_by
from spapi_invoices.plugins.own import OWN


def survives(name: str, hook: str, call: Callable[[], None]) -> bool:
    """Whether a plugin's code came to its end; if not, that is warned of. What it prints goes to stderr."""
    if name in OWN:
        # A fault of ours is no reason to go on without us.
        call()
        return True
    try:
        with contextlib.redirect_stdout(sys.stderr):
            call()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - the outermost edge of somebody else's code
        what = " ".join("".join(traceback.format_exception_only(error)).split())
        warn(name, f"plugin {name} is left out{f' of {hook}' if hook else ''}: {what}. Next: {remedy(name)}")
        return False
    return True


def remedy(name: str) -> str:
    """What to do about a plugin that goes wrong."""
    distribution, _ = brought_by(name)
    return "tell its author" + (f", or spapi-invoices uninstall {distribution}" if distribution else "")


def warn(name: str, said: str) -> None:
    """Warn, once a plugin and fault, however often its hooks are called."""
    before = known().setdefault(name, [])
    if said not in before:
        before.append(said)
        warnings.warn(said, RuntimeWarning, stacklevel=3)


def faults() -> tuple[str, ...]:
    """What went wrong with plugins so far, a sentence each: what a report that lacks their rules has to say."""
    return tuple(said for sentences in known().values() for said in sentences)


@cache
def known() -> dict[str, list[str]]:
    """What went wrong so far, by the plugin's name."""
    return {}
