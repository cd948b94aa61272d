"""The limit of what Flask and gunicorn answer with these settings: nothing is asked of a database, nothing is kept."""

from flask import Flask

app = Flask(__name__)


@app.post("/")
def answer() -> dict[str, bool]:
    """Answer without a look at what was asked."""
    return {"ok": True}


@app.get("/healthz")
def health() -> dict[str, bool]:
    """Answer, too."""
    return {"ok": True}
