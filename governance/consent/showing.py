"""What a subscription page shows: boxes with the words that ticking them agrees to, and the privacy notice in full."""

from collections.abc import Sequence

from governance.consent.codes import NoticeKind
from governance.consent.errors import ClosedFormError
from governance.consent.forms import Form, form
from governance.consent.notices import NoticeText, notice, texts_of
from governance.consent.purposes import book
from governance.consent.terms import NoticeVersion, terms_of
from governance.customers.records import Json
from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.policies.purposes import Channel
from governance.reference.operations import controller


@frozen
class ShownNotice:
    """A notice as a page shows it.

    Attributes:
        language: ISO 639, of its words, which need not be that of the page.
    """

    key: str
    version: int
    language: str
    text: NoticeText

    @property
    def mark(self) -> str:
        """Version, language and digest: comes back with the form, so that it is known what was on the page."""
        return f"{self.version}:{self.language}:{self.text.digest.hex()}"


@frozen
class ShownItem:
    """A box to tick.

    Attributes:
        title: of the purpose, in the language of the page.
        notice: what is agreed to by ticking.
    """

    purpose: str
    title: str
    channels: tuple[Channel, ...]
    notice: ShownNotice


@frozen
class ShownForm:
    """A form as a page shows it."""

    form: Form
    language: str
    items: tuple[ShownItem, ...]
    privacy: ShownNotice


def show_form(work: Work, *, key: str, language: str) -> ShownForm:
    """A form with the words of its notices, in *language* where they are written in it.

    Raises:
        NotFoundError: where there is no such form.
        ClosedFormError: where it takes nothing now.
    """
    found = form(work, key=key)
    terms, purposes = terms_of(work), book(work).purposes
    privacy = terms.notice_in_force(NoticeKind.PRIVACY, found.document.privacy_notice, work.now)
    items: list[ShownItem] = []
    for item in found.document.items:
        version = terms.notice_in_force(NoticeKind.CONSENT, item.purpose, work.now)
        if version is not None and item.purpose in purposes:
            title = purposes[item.purpose].titles.get(language)
            items.append(ShownItem(item.purpose, title, item.channels, words_of(work, version, language)))
    if not found.document.open or privacy is None or not items:
        raise ClosedFormError("This form takes no subscriptions at the moment.")
    return ShownForm(found, language, tuple(items), words_of(work, privacy, language))


def snapshot(shown: ShownForm) -> dict[str, Json]:
    """What was on the page, by versions and digests of what stands published for good; goes into the evidence."""
    return {
        "key": shown.form.key,
        "version": shown.form.version,
        "language": shown.language,
        "boxes": [
            {"purpose": item.purpose, "title": item.notice.text.title, **_told(item.notice)} for item in shown.items
        ],
        "privacy_notice": {"key": shown.privacy.key, **_told(shown.privacy)},
    }


def words_of(work: Work, version: NoticeVersion, language: str) -> ShownNotice:
    """A notice in *language*, else in the controller's, else in one that it is written in."""
    texts = notice(work, kind=version.kind, key=version.key, version=version.version).texts
    wanted = [language, controller(work).language, *sorted(texts)]
    chosen = next(one for one in wanted if one in texts)
    return ShownNotice(version.key, version.version, chosen, texts[chosen])


def words_of_many(work: Work, versions: Sequence[NoticeVersion], language: str) -> dict[str, ShownNotice]:
    """Notices by key, each as `words_of` has it, by one statement for all of them."""
    texts = texts_of(work, [one.id for one in versions])
    own = controller(work).language
    shown: dict[str, ShownNotice] = {}
    for one in versions:
        written = texts[one.id]
        chosen = next(said for said in (language, own, *sorted(written)) if said in written)
        shown[one.key] = ShownNotice(one.key, one.version, chosen, written[chosen])
    return shown


def _told(shown: ShownNotice) -> dict[str, Json]:
    return {"version": shown.version, "language": shown.language, "sha256": shown.text.digest.hex()}
