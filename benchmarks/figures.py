"""What a benchmark reports: a figure, its bar, and the limit measured in the same run."""

from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure.

    Attributes:
        name: what was measured.
        value: the figure.
        unit: of the figure.
        bar: what it must reach, in words.
        holds: whether it does.
        limit_name: what it is compared with: the same work without the product's part, measured in the same run.
        limit_value: that limit, in the same unit.
        ratio: figure divided by limit.
    """

    name: str
    value: float
    unit: str
    bar: str
    holds: bool
    limit_name: str = ""
    limit_value: float | None = None
    ratio: float | None = None

    def line(self) -> str:
        """One line for a terminal."""
        beside = ""
        if self.limit_value is not None and self.ratio is not None:
            beside = f"; {self.limit_name}: {self.limit_value:,.3g} {self.unit} (ratio {self.ratio:.2f})"
        verdict = "holds" if self.holds else "MISSED"
        return f"{self.name}: {self.value:,.3g} {self.unit}{beside} [bar {self.bar}: {verdict}]"

    def as_json(self) -> dict[str, object]:
        """For machines."""
        return asdict(self)
