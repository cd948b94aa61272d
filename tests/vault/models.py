"""Two tables made for the tests of the vault, one sealed and its plain twin."""

from sqlalchemy import Engine, MetaData
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from governance.kernel.db import NAMING
from governance.policies.classification import Compartment
from governance.vault.blind import BlindIndex, normal_email, normal_phone
from governance.vault.kinds import DATE, JSON, TEXT
from governance.vault.orm import SealedField, SealedRow
from governance.vault.tables import KeyOwnerRow


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)


KeyOwnerRow.__table__.to_metadata(Base.metadata)


class Specimen(SealedRow, Base):
    __tablename__ = "specimen"

    kind: Mapped[str] = mapped_column()
    name = SealedField(TEXT, Compartment.PROFILE)
    born = SealedField(DATE, Compartment.PROFILE)
    extra = SealedField(JSON, Compartment.BEHAVIOUR)
    card = SealedField(TEXT, Compartment.CONTACT, index=BlindIndex("specimen.card"))
    contact = SealedField(
        TEXT,
        Compartment.CONTACT,
        index_by="kind",
        indexes={
            "email": BlindIndex("specimen.contact/email", normal_email),
            "phone": BlindIndex("specimen.contact/phone", normal_phone),
        },
    )


def create(admin: Engine, app_role: str) -> None:
    """Make the table as the administrator and grant it to the service."""
    Specimen.__table__.create(admin)
    with admin.begin() as connection:
        connection.exec_driver_sql(f'GRANT SELECT, INSERT, UPDATE, DELETE ON specimen TO "{app_role}"')
