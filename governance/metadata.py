"""Registry of all tables, for migrations and for tests that enumerate columns; imports every room's `tables`."""

import importlib
import pkgutil

import governance
from governance.kernel.db import Base

for _module in pkgutil.walk_packages(governance.__path__, "governance."):
    if _module.name.endswith(".tables"):
        importlib.import_module(_module.name)

metadata = Base.metadata
