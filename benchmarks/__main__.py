"""Runs benchmarks by name; exits with 1 where a bar is missed."""

import argparse
import importlib
import json
import pkgutil
import sys

import benchmarks
from benchmarks.figures import Figure

NOT_BENCHMARKS = {"__main__", "bare", "callers", "figures", "mailing", "stores"}


def names() -> list[str]:
    """All benchmarks, by module name."""
    return sorted(m.name for m in pkgutil.iter_modules(benchmarks.__path__) if m.name not in NOT_BENCHMARKS)


def main() -> int:
    """Run what was asked for and print a line, or a JSON object, per figure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("name", choices=["all", *names()])
    parser.add_argument("--json", action="store_true", help="a JSON object per line")
    options = parser.parse_args()
    chosen = names() if options.name == "all" else [options.name]
    missed = False
    for name in chosen:
        figures: list[Figure] = importlib.import_module(f"benchmarks.{name}").run()
        for figure in figures:
            print(json.dumps({"benchmark": name, **figure.as_json()}) if options.json else figure.line(), flush=True)
            missed = missed or not figure.holds
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
