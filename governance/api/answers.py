"""Answers in JSON that do not come from a schema, and where to find what was made."""

from uuid import UUID

from flask import Response, current_app, request


def json_answer(document: object, *, status: int = 200, media_type: str = "application/json") -> Response:
    """*document* as the answer."""
    return Response(current_app.json.dumps(document) + "\n", status=status, mimetype=media_type)


def location(made: UUID | str) -> dict[str, str]:
    """The header that tells where the record can be read that this POST made; none where it has no address of its own.

    Args:
        made: its id, or its key where records go by one.
    """
    address = f"{request.path.rstrip('/')}/{made}"
    routes = current_app.create_url_adapter(request)
    readable = routes is not None and "GET" in routes.allowed_methods(address)
    return {"Location": address} if readable else {}
