"""What doctor finds, in words: by its code, with what its sentence names. The command line says the same in English."""

from collections.abc import Mapping
from datetime import datetime

from flask_babel import format_datetime, gettext

from governance.console.sayings import in_words
from governance.custody.findings import Finding
from governance.kernel.errors import Sentence
from governance.pages.languages import SOURCE, by_language, language

Words = Mapping[str, tuple[str, str, str]]


@by_language
def sayings() -> Words:
    """By code: sentence, remedy and command."""
    alarms = {} if language() == SOURCE else _of_alarms()  # in English the operation tells the particulars, too
    return {**_of_store(), **_of_copies(), **_of_service(), **alarms}


def said(finding: Finding, known: Words) -> tuple[str, str, str]:
    """Sentence, remedy and command of a finding; empty where only the operation itself has words for it."""
    sentence, remedy, command = known.get(finding.code, ("", "", ""))
    if finding.code == "backup-overdue" and finding.values:
        sentence = gettext("The last backup is of %(day)s.")
    try:
        return sentence % finding.values if sentence else "", remedy, command % finding.values
    except KeyError:
        return "", "", ""


def particulars(finding: Finding) -> str:
    """What a finding tells beyond its sentence, with its first day; empty in English, whose sentence has it all."""
    if language() == SOURCE or not isinstance(finding.particulars, Sentence):
        return ""
    told = in_words(finding.particulars)
    since = finding.values.get("since")
    if not since:
        return told
    return str(gettext("Since %(time)s: %(what)s", time=format_datetime(datetime.fromisoformat(since)), what=told))


def _of_store() -> Words:
    return {
        "audit-unprotected": (
            gettext("The database no longer protects the audit log: %(what)s."),
            gettext(
                "Find out who changed it and verify the log; then put the protection back as it was, or restore a "
                "backup from before that:"
            ),
            "governance audit verify; governance restore",
        ),
        "vault-unprotected": (
            gettext("The database no longer protects sealed values and keys: %(what)s."),
            gettext("Find out who changed it; then put the protection back, or restore a backup."),
            "",
        ),
        "unreadable-values": (
            gettext("Sealed values were changed or damaged, and do not open (%(count)s): %(places)s."),
            gettext("Find out who changed them; restore a backup from before that, or record these values anew."),
            "",
        ),
        "anchor-late": (
            gettext("The anchor %(name)s was not told what was signed of the audit log in the last hours."),
            gettext("The log of the worker says why. Start the worker on the host that signs:"),
            "governance worker",
        ),
        "signing-key-missing": (
            gettext("Checkpoints were signed on this host, but the key is gone: nothing is signed any more."),
            gettext("Put the key back from a copy; if there is none, begin a new tree of the log:"),
            "governance audit open-tree --new-key",
        ),
        "audit-backlog": (
            gettext("Entries of the log wait for their place: %(count)s."),
            gettext("Start the worker:"),
            "governance worker",
        ),
        "checkpoint-late": (
            gettext(
                "Entries of the log that are under no checkpoint yet: %(count)s. The database alone protects them."
            ),
            gettext("Start the worker on the host that holds the signing key:"),
            "governance worker",
        ),
        "recovery-sheet": (
            gettext("No recovery sheet was confirmed: losing the keyring loses everything."),
            gettext("Make one, print it, and confirm it, in First steps or by:"),
            "governance keys recovery",
        ),
        "epoch-over": (
            gettext("The key epoch was to end on %(day)s; what was shredded in it still opens in copies."),
            gettext("The worker does it by itself while it runs; by hand:"),
            "governance keys rotate",
        ),
        "rotation-pending": (
            gettext("A rotation of keys is not done; data keys that wait: %(count)s."),
            gettext("The worker does it by itself while it runs; by hand:"),
            "governance keys rotate",
        ),
        "indexes-pending": (
            gettext("A rotation of the blind indexes is not done."),
            gettext("The worker does it by itself while it runs; by hand:"),
            "governance keys rotate --indexes",
        ),
    }


def _of_copies() -> Words:
    beside = (
        gettext("The database %(name)s still stands, with wrapped keys: what was erased since can be read in it."),
        gettext("Drop it, once it is not needed:"),
        "governance restore --drop-old",
    )
    return {
        "replaced-database": beside,
        "restoring-database": beside,
        "backup-overdue": (gettext("There is no backup."), gettext("Make one:"), "governance backup"),
        "backup-impossible": (
            gettext("The worker can make no backups, and end no key epoch."),
            gettext("The command line says why. Change that and start the worker anew:"),
            "governance doctor",
        ),
        "keyring-copy": (
            gettext(
                "%(path)s is a keyring that was replaced. It keeps keys alive that are destroyed in the one in use."
            ),
            gettext("The next rotation removes it where nothing else is in it:"),
            "governance keys rotate",
        ),
        "tombstones-unsettled": (
            gettext("Shreddings of which it is not written down whether they were committed: %(count)s."),
            gettext("The nightly backup finds out by itself."),
            "",
        ),
        "disk-nearly-full": (
            gettext("Only %(count)s MiB are free where the data folder lies."),
            gettext("Make room; a full disk stops the database and its backups."),
            "",
        ),
        "open-to-others": (
            gettext("%(path)s can be reached by other users of the host."),
            gettext("Close it:"),
            "chmod go= %(path)s",
        ),
        "clock-skew": (
            gettext("The clock of the database is %(count)s seconds from that of this host."),
            gettext("Let both follow the same time servers."),
            "",
        ),
    }


def _of_service() -> Words:
    return {
        "jobs-failed": (
            gettext("Jobs of %(task)s that were given up after several attempts: %(count)s."),
            gettext("The log of the worker says why. Nightly jobs are due again by themselves; an import goes on by:"),
            "governance import resume BATCH",
        ),
        "no-mail-server": (
            gettext("No mail server is set; messages that wait: %(count)s."),
            gettext("Set these, then start the service again:"),
            "GOVERNANCE_SMTP_URL, GOVERNANCE_MAIL_FROM",
        ),
        "mail-to-folder": (
            gettext(
                "Mail is written into a folder in the clear instead of being sent, which is for demonstrations only."
            ),
            gettext("Set a mail server:"),
            "GOVERNANCE_SMTP_URL",
        ),
        "sms-to-folder": (
            gettext(
                "SMS are written into a folder in the clear instead of being sent, which is for demonstrations only."
            ),
            gettext("Set a gateway:"),
            "GOVERNANCE_SMS_URL",
        ),
        "mail-late": (
            gettext("Messages wait too long: %(count)s."),
            gettext("The log of the worker names the reason; look whether the worker runs, and at this setting:"),
            "GOVERNANCE_SMTP_URL",
        ),
        "mail-failed": (
            gettext("Messages of the last 30 days that could not be delivered: %(count)s."),
            gettext("The audit log names the reasons; look for messages that could not be sent."),
            "",
        ),
        "no-public-address": (
            gettext("Links in mails begin with %(address)s, which is not https; one-click unsubscribe needs it."),
            gettext("Set the address that people reach the service by:"),
            "GOVERNANCE_PUBLIC_URL",
        ),
        "webhook-not-reached": (
            gettext("A webhook is not reached; messages that wait: %(count)s."),
            gettext("Mend the receiver, or remove the webhook. The reason is named by:"),
            "governance webhooks messages %(webhook)s",
        ),
        "webhook-gave-up": (
            gettext("Messages to a webhook that were given up after a day: %(count)s."),
            gettext("Send them again:"),
            "governance webhooks resend %(webhook)s",
        ),
        "four-eyes-off": (
            gettext(
                "Some acts need two people, but fewer than two may decide them. Done by one: %(count)s in 30 days."
            ),
            gettext("Give a second person the role, under Staff."),
            "",
        ),
        "proposals-failed": (
            gettext("Approved proposals of the last 30 days that could not be carried out: %(count)s."),
            gettext("Look at them under Proposals; propose anew what is still wanted."),
            "",
        ),
        "alerts-unseen": (
            gettext("Alerts that nobody has seen: %(count)s."),
            gettext("Look at them under Alerts."),
            "",
        ),
        "language-broken": (
            gettext("The language %(language)s has messages that cannot be shown (%(count)s); English stands there."),
            gettext("They are named by:"),
            "governance languages check %(code)s",
        ),
        "language-incomplete": (
            gettext("The language %(language)s is translated by %(percent)s percent; the rest is in English."),
            gettext("What is missing is named by:"),
            "governance languages check %(code)s",
        ),
    }


def _of_alarms() -> Words:
    """Alarms whose particulars only the operation itself has words for, in English."""
    return {
        "audit-broken": (
            gettext(
                "The audit log contradicts itself: entries or their places were changed. Nothing is signed any more."
            ),
            gettext("Find out who changed it; what differs is named by:"),
            "governance audit verify",
        ),
        "audit-rollback": (
            gettext(
                "The audit log is no continuation of the last checkpoint that was kept outside, as after an "
                "older backup was restored."
            ),
            gettext("Verify the log; after a restore on purpose begin a new tree:"),
            "governance audit verify; governance audit open-tree",
        ),
        "audit-key-changed": (
            gettext("Checkpoints were signed with another key than the one on this host."),
            gettext("Put the key back from a copy; if there is none, begin a new tree of the log:"),
            "governance audit open-tree",
        ),
        "audit-signing-key": (
            gettext("The key that signs checkpoints cannot be used."),
            gettext("Put the key back from a copy; if there is none, begin a new tree of the log:"),
            "governance audit open-tree",
        ),
        "anchor-unusable": (
            gettext(
                "An anchor of the audit log cannot be used: certificates of the time stamp "
                "service are missing or wrong."
            ),
            gettext("Set a file of them:"),
            "GOVERNANCE_AUDIT_TSA_CA",
        ),
        "keyring": (
            gettext("The keyring is missing or damaged."),
            gettext(
                "Put it back from a copy or the recovery sheet; never make a new one for an old store. "
                "What is wrong is named by:"
            ),
            "governance doctor",
        ),
        "tombstones-damaged": (
            gettext("The list of what was shredded is damaged."),
            gettext("Restore it from a copy before anything is restored from a backup. What is wrong is named by:"),
            "governance doctor",
        ),
    }
