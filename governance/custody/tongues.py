"""Further languages, taken up when a store is opened: their names, and titles of what policies call by name."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from governance.kernel import packs
from governance.kernel.logs import get_logger
from governance.policies.documents import DocumentError, learn_titles, parse_further_titles

TITLES: Final = "titles.yaml"

log = get_logger(__name__)


def take_up_languages(data_dir: Path) -> None:
    """Take up the further languages of a data folder; titles that cannot be read are said in English."""
    packs.install(data_dir)
    learn_titles({code: _titles(pack) for code, pack in packs.packs().items()})


def _titles(pack: packs.Pack) -> Mapping[str, str]:
    place = pack.folder / TITLES
    if not place.is_file():
        return {}
    try:
        return parse_further_titles(place.read_bytes(), name=f"{pack.code}/{TITLES}")
    except DocumentError as error:
        log.warning("languages.titles_unusable", language=pack.code, place=error.path, problem=error.problem)
        return {}
