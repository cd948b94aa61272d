"""What must happen along with a rotation in an open store, for backups and the recovery sheet to stay good."""

from governance.custody.backup import make_key_dump
from governance.custody.opening import Store
from governance.custody.places import Places
from governance.custody.recovery import renew_copy
from governance.custody.rotation import Duties
from governance.kernel.work import Actor, Work


def duties_of(store: Store, actor: Actor) -> Duties:
    """Seal the keyring's copy anew with every change, and dump the keys before an old key is destroyed."""
    places = Places(store.settings.data_dir)

    def ring_changed(work: Work) -> None:
        renew_copy(work, places=places, ring=store.keyring)

    def before_destroying() -> None:
        make_key_dump(store, actor)

    return Duties(ring_changed=ring_changed, before_destroying=before_destroying)
