"""Which packages bring plugins. Not for loading them."""

from importlib.metadata import EntryPoint, entry_points

from spapi_invoices import __version__
from spapi_invoices.plugins.hooks import GROUP
from spapi_invoices.plugins.own import OWN


def points() -> list[EntryPoint]:
    """The entry points of all plugins, by name; of one name, by distribution."""
    return sorted(entry_points(group=GROUP), key=lambda point: (point.name, distribution_of(point)))


def distribution_of(point: EntryPoint) -> str:
    """The distribution that has the entry point; empty if none has."""
    return "" if point.dist is None else point.dist.name


def brought_by(name: str) -> tuple[str, str]:
    """The distribution that brings a plugin, and its version; both empty if none does."""
    if name in OWN:
        return "spapi-invoices", __version__
    dist = next((point.dist for point in points() if point.name == name), None)
    return ("", "") if dist is None else (dist.name, dist.version)
