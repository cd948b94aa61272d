"""Customers recorded over HTTP."""

from typing import Any
from uuid import uuid4

from flask.testing import FlaskClient

CANARY = "kanareyka"
PERSON = {
    "family_name": "Воробьёва",
    "given_name": "Ирина",
    "patronymic": "Маратовна",
    "birth_date": "1982-08-09",
    "city": "Псков",
    "street": "Рижский проспект, 16",
    "country": "RU",
    "source": "till",
    "ground": "contract",
}


def make(web: FlaskClient, headers: dict[str, str], **said: object) -> dict[str, Any]:
    """Record a customer; answers what the service told of them."""
    answer = web.post("/v1/customers", json={**PERSON, **said}, headers=headers)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json
    return made


def an_email() -> str:
    """An address that nobody else has."""
    return f"irina.{uuid4().hex}@example.ru"
