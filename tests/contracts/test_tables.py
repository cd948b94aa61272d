"""Tables belong to the package that keeps them: others ask its operations, or compose a statement that it offers."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
IMPORTED = re.compile(r"^\s*(?:from|import) (governance(?:\.\w+)*)(?: import (.*))?$", re.MULTILINE)


def test_no_package_imports_the_tables_of_another() -> None:
    strange = []
    for path in (ROOT / "governance").rglob("*.py"):
        own = path.relative_to(ROOT / "governance").parts[0]
        for module, names in IMPORTED.findall(path.read_text("utf-8")):
            of_tables = "tables" in module.split(".") or re.search(r"\btables\b", names)
            if of_tables and module.split(".")[1:2] not in ([own], []):
                strange.append(f"{path.relative_to(ROOT)}: {module}")
    assert strange == []
