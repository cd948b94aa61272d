"""Names of the database roles."""

from governance.kernel.records import frozen


@frozen
class Roles:
    """Names of the database roles of one controller; roles are cluster-wide, hence the prefix."""

    prefix: str

    @property
    def owner(self) -> str:
        """Owns every table, cannot log in."""
        return f"{self.prefix}_owner"

    @property
    def app(self) -> str:
        """What the service connects as."""
        return f"{self.prefix}_app"
