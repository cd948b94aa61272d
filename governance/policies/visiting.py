"""What a customer may do who has proven a contact: as much as the proof carries, and over their own data alone.

Whoever reads a mailbox can stop what is sent to it. More needs to be sure that they are the person meant: a contact
that several people share, or that nobody but a list ever said was theirs, tells no person from another. GDPR
Art. 12(6) has the controller ask for more where there are reasonable doubts, and recital 64 for reasonable measures.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from governance.policies.permissions import Permission

ALWAYS: Final = frozenset({Permission.PORTAL_OPT_OUT})
"""What control of a contact is enough for."""
SURE: Final = ALWAYS | {Permission.PORTAL_READ, Permission.PORTAL_CORRECT, Permission.PORTAL_CONSENT}
GRAVE: Final = frozenset({Permission.PORTAL_DOWNLOAD, Permission.PORTAL_ERASE})
"""What cannot be taken back, and so asks for a second contact, or for a second fact where there is no such contact."""


class StepUp(StrEnum):
    """How a second contact stands."""

    LATER = "later"
    """First it has to be sure who it is."""
    NEEDED = "needed"
    DONE = "done"
    TOO_YOUNG = "contact_too_young"
    """There is another one, but whoever got in could have had it entered; it counts once it has been there a while."""
    FACT_NEEDED = "fact_needed"
    """There is none that a code could be sent to; a second fact is asked for instead."""
    NO_SECOND_CONTACT = "no_second_contact"
    """There is none, and a second fact was told instead."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What was proven, and what is known of the contact.

    Attributes:
        holders: how many people hold it.
        verified: whether its only holder is known to have dealt with us by it, or an officer said that it is theirs.
        singled_out: whether a second fact told which person it is.
        second_contact: whether that person has another one that counts, and that a code can be sent to.
        other_contact: whether they have another one at all that a code can be sent to.
        stepped_up: whether that one was proven as well.
        deceased: whether the person has died, as far as is known: then whoever comes by their contact is somebody else.
    """

    holders: int
    verified: bool = False
    singled_out: bool = False
    second_contact: bool = False
    other_contact: bool = False
    stepped_up: bool = False
    deceased: bool = False

    @property
    def is_sure(self) -> bool:
        """Whether it is sure which person this is."""
        return self.holders > 0 and not self.deceased and (self.singled_out or (self.holders == 1 and self.verified))


def step_up(proof: Proof) -> StepUp:
    """How a second contact stands."""
    if not proof.is_sure:
        return StepUp.LATER
    if proof.second_contact:
        return StepUp.DONE if proof.stepped_up else StepUp.NEEDED
    if proof.other_contact:
        return StepUp.TOO_YOUNG
    return StepUp.NO_SECOND_CONTACT if proof.singled_out else StepUp.FACT_NEEDED


def powers(proof: Proof) -> frozenset[Permission]:
    """What a proof opens; silence opens nothing, and a contact that nobody holds can be opted out all the same."""
    if not proof.is_sure:
        return ALWAYS
    return SURE | GRAVE if step_up(proof) in _PROVEN_TWICE else SURE


_PROVEN_TWICE: Final = frozenset({StepUp.DONE, StepUp.NO_SECOND_CONTACT})
