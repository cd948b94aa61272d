"""Answers in JSON that do not come from a schema."""

from flask import Response, current_app


def json_answer(document: object, *, status: int = 200, media_type: str = "application/json") -> Response:
    """*document* as the answer."""
    return Response(current_app.json.dumps(document) + "\n", status=status, mimetype=media_type)
