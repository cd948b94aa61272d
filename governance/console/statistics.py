"""Statistics of consent: given and withdrawn, by purpose and month."""

from flask import Response

from governance.console.frame import page
from governance.console.guard import Visit, screen
from governance.console.today_charts import consents


@screen("/consent/statistics", "consent_statistics")
def statistics(visit: Visit) -> Response:
    """All purposes of which something was said."""
    return page(visit, "consent_statistics", part="consent", found=consents(visit))
