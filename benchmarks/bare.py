"""The limit of what Flask and gunicorn answer with these settings: nothing is asked of a database, nothing is kept."""

from flask import Flask, request

app = Flask(__name__)


@app.post("/")
def answer() -> dict[str, bool]:
    """Answer without a look at what was asked; it is taken in, since gunicorn hangs up on whoever is not heard out."""
    request.get_data(cache=False)
    return {"ok": True}


@app.get("/healthz")
def health() -> dict[str, bool]:
    """Answer, too."""
    return {"ok": True}
