"""Figures of the product, each beside a limit measured in the same run: `python -m benchmarks all|NAME [--json]`."""
