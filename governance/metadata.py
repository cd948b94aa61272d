"""Registry of all tables, for migrations and for tests that enumerate columns; imports every package's `tables`."""

import importlib
from pathlib import Path

from governance.kernel.db import Base

_HERE = Path(__file__).parent
for _file in sorted(_HERE.rglob("tables.py")):  # by file: asking packages for theirs would load the entry points
    importlib.import_module(".".join(("governance", *_file.relative_to(_HERE).with_suffix("").parts)))

metadata = Base.metadata
