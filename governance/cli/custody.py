"""`backup`, `restore` and `keys recovery`: copies of the store, and of what opens it."""

import sys
from datetime import datetime
from pathlib import Path

import click

from governance.cli.context import answer_json, answer_table, as_json, on_terminal, opened, say, settings
from governance.custody import backup as backups
from governance.custody import keeping, recovery, restore as restoring
from governance.custody.errors import RecoveryError
from governance.custody.keeping import Backup
from governance.custody.opening import Store, keyring_path, open_keyring
from governance.custody.places import Places, replace_file
from governance.custody.swapping import drop_replaced
from governance.kernel.clock import SystemClock
from governance.kernel.errors import GovernanceError
from governance.kernel.folders import prepare_data_dir
from governance.kernel.server import reach
from governance.kernel.work import OPERATOR, open_work
