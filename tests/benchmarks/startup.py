"""How long until something happens: importing the package and --help, against a bare ``import click``.

Medians of five interleaved runs, each in a process of its own: ``python tests/benchmarks/startup.py``.
"""

import statistics
import subprocess
import sys
from time import perf_counter

CASES = {
    "import click": "import click",
    "import spapi_invoices": "import spapi_invoices",
    "spapi-invoices --help": "from spapi_invoices.cli import run; run(['--help'])",
}


def seconds(code: str) -> float:
    """One process from start to end."""
    began = perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)
    return perf_counter() - began


def main(runs: int = 5) -> None:
    """Print a line per case."""
    times: dict[str, list[float]] = {name: [] for name in CASES}
    for _ in range(runs):
        for name, code in CASES.items():
            times[name].append(seconds(code))
    reference = statistics.median(times["import click"])
    for name, found in times.items():
        median = statistics.median(found)
        print(f"{name:24} {median * 1000:6.0f} ms  {median / reference:5.2f} x")


if __name__ == "__main__":
    main()
