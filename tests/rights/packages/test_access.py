"""What a person is told of: all that is kept of them, where it came from, who got it, and until when it is kept."""

import csv
import io

from governance.kernel.work import Work
from governance.rights.packages import operations as packages
from governance.rights.packages.operations import PackageKind
from tests.factories import packaging


def test_a_package_holds_what_is_kept_as_page_as_document_and_as_tables(work: Work) -> None:
    packaging.firm(work)
    person = packaging.buyer(work)
    package = packages.begin(work, person=person, kind=PackageKind.ACCESS, language="ru")
    found = packaging.archive(work, packaging.made(work, package))

    assert found.testzip() is None
    told = packaging.document(found)["sections"]
    assert {row["field"]: row["value"] for row in told["person"]}["family_name"] == "Воробьева"
    assert [row["value"] for row in told["contacts"]] == ["irina.vorobeva@example.org", "+79334552061"]
    assert told["purchases"][0]["number"] == "A-1"
    assert told["purchases"][0]["total"] == "7731.01"
    assert told["interactions"][0]["note"] == "Хочет скидку"
    assert told["activity"][0]["detail"] == {"page": "/sale"}
    [line] = csv.DictReader(io.StringIO(found.read("csv/purchases.csv").decode("utf-8-sig")))
    assert line["number"] == "A-1"
    page = found.read("index.html").decode()
    assert '<html lang="ru">' in page
    assert "Воробьева" in page
    assert "Покупки" in page
