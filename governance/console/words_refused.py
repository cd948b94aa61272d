"""Why cells and rows of a list are refused, in words, by the code of the flaw. Readers say the same in English."""

from collections.abc import Mapping

from flask_babel import gettext

from governance.intake.values import Refusal
from governance.pages.languages import SOURCE, by_language, language


@by_language
def said() -> Mapping[str, str]:
    """Sentence of every flaw, with the remedy, in the visitor's language."""
    return {**_of_row(), **_of_sum(), **_of_date(), **_of_email(), **_of_phone(), **_of_name(), **_of_word()}


def why(code: str, reason: str) -> str:
    """What is wrong, and what to do; in English as the reader of the list says it, who names lengths and countries."""
    return reason if language() == SOURCE else said().get(code, reason)


def of_refusal(refusal: Refusal) -> str:
    """The same with the column, as a file of refused rows says it."""
    sentence = why(refusal.code, refusal.reason)
    return f"{refusal.column}: {sentence}" if refusal.column else sentence


@by_language
def headings() -> tuple[str, str, str]:
    """What stands over the columns that a file of refused rows begins with."""
    return gettext("row"), gettext("imported"), gettext("why")


@by_language
def outcomes() -> tuple[str, str]:
    """What became of a refused row: nothing of it was taken, or all but the refused cells."""
    return gettext("no"), gettext("without these cells")


def _of_row() -> Mapping[str, str]:
    return {
        "row-nobody": gettext("Neither a name nor a contact stands in this row; add one of them."),
        "row-contacts": gettext("Every contact of this row is refused; correct at least one, or empty those cells."),
        "row-person": gettext("No usable e-mail or phone says whose row this is; add one."),
        "row-unknown-person": gettext(
            "Nobody in the store has this e-mail or phone; import the customer, then this row again."
        ),
        "row-store": gettext("The store does not take this row; compare it with its neighbours and correct it."),
        "row-wide": gettext(
            "This row has more cells than the heading; a separator stands within a cell, or a heading is missing."
        ),
        "row-quote": gettext("A quotation mark is opened and not closed in this row; close or remove it."),
        "cell-masked": gettext(
            "This value is masked, and keeping it would hide the real one; export it in the clear first."
        ),
        "cell-not-computed": gettext(
            "The spreadsheet could not compute this cell, or has not yet; correct the formula there, or type the value."
        ),
        "cell-truth": gettext("TRUE or FALSE stands here, and this column takes no yes or no; type the value as text."),
        "cell-damaged": gettext("Some bytes of this cell are not of the file's encoding; type it anew."),
        "extra-value": gettext("This extra field takes another kind of value; look at the settings of fields."),
        "text-long": gettext("This text is too long; shorten it, or move it to the notes."),
        "country-word": gettext("This country is not known; write its two-letter ISO code."),
        "language-word": gettext("This language is not known; write its two-letter ISO code."),
    }


def _of_sum() -> Mapping[str, str]:
    return {
        "amount-form": gettext("This is no sum of money; write digits such as 7731.01."),
        "amount-currency": gettext(
            "The word beside the sum is no currency that is known; write its code, such as EUR."
        ),
        "amount-ambiguous": gettext(
            "This may be thousands or thousandths; write the sum without a thousands separator."
        ),
        "amount-groups": gettext("The digits are grouped in no usual way; write the sum without separators."),
        "amount-large": gettext("This sum is larger than any purchase; correct it."),
        "amount-places": gettext("This sum has too many decimal places; round it."),
        "total-missing": gettext("The sum is missing; write what was paid."),
        "currency-unknown": gettext("This currency is not known; write its code, such as UAH or RUB."),
        "currency-missing": gettext("The currency is missing; name it in a column or for the whole file."),
        "duration-form": gettext("This is no duration; write whole seconds, or minutes and seconds as 4:30."),
        "duration-long": gettext("This lasts longer than a day; write the duration in seconds."),
    }


def _of_date() -> Mapping[str, str]:
    return {
        "date-missing": gettext("The date is missing; write when it was."),
        "date-whole": gettext("Day, month and year are needed here; write the whole date."),
        "date-without-year": gettext("The year is missing; write day, month and year."),
        "date-form": gettext("This is in no usual form of a date; write it as 31.12.1980 or 1980-12-31."),
        "date-month-word": gettext("The word is no month that is known; write the date as 31.12.1980."),
        "date-future": gettext("This lies in the future; correct the year."),
        "date-old": gettext("This lies too far back; correct the year."),
        "date-far": gettext("This lies more than a century ahead; correct the year."),
        "date-number": gettext("This number is no date; format the cell as a date or write 31.12.1980."),
        "date-month": gettext("There are twelve months; if the month stands before the day, say so for this file."),
        "date-year": gettext("There is no such year; correct it."),
        "date-day": gettext("That month of that year has no such day; correct the day or the month."),
        "date-time": gettext("There is no such time of day; write it as 14:30."),
    }


def _of_email() -> Mapping[str, str]:
    return {
        "email-form": gettext("This is not in the form name@domain.tld; correct the address."),
        "email-worded-at": gettext("A word stands in place of the sign @; write @ itself."),
        "email-without-at": gettext("The sign @ is missing; write the address as name@domain.tld."),
        "email-two-at": gettext("There is more than one @; separate several addresses by commas."),
        "email-space": gettext("There is a space within the address; remove it."),
        "email-domain": gettext("The part behind @ has no dot; write the whole domain, such as example.org."),
        "email-alphabets": gettext("Cyrillic and Latin letters are mixed in one word; type the address anew."),
        "email-dots": gettext("A dot stands at the edge or twice in a row; correct the address."),
    }


def _of_phone() -> Mapping[str, str]:
    return {
        "phone-shortened": gettext("The spreadsheet shortened this number and digits are lost; type it as text."),
        "phone-short": gettext("This number is too short; write it out in full."),
        "phone-words": gettext("Words stand among the digits; leave the number alone in this column."),
        "phone-missing": gettext("No number stands here; write digits such as +380441234567, or leave the cell empty."),
        "phone-plan": gettext(
            "No numbering plan has this number; check the digits, or write it with + and its country code."
        ),
        "account-long": gettext("This is longer than an account or card; leave that alone here."),
    }


def _of_name() -> Mapping[str, str]:
    return {
        "name-words": gettext("This has more words than a name; put family, given and patronymic into columns."),
        "name-long": gettext("This is longer than a name; move what is no name into a column of its own."),
        "name-is-email": gettext("An e-mail address stands in place of the name; move it to the column of e-mails."),
        "name-signs": gettext("A name has no digits or such signs; leave the name alone here."),
        "name-letters": gettext("There is no letter in this name; write the name or leave the cell empty."),
    }


def _of_word() -> Mapping[str, str]:
    return {
        "consent-only-date": gettext("Only a date stands here; write yes or no beside it."),
        "consent-word": gettext("This says neither yes nor no; write yes, no, or leave the cell empty."),
        "sex-word": gettext("This word names no sex that is known; write male, female or nothing."),
        "marital-word": gettext("This word names no family status that is known; write single, married or another."),
        "kind-word": gettext("This word names no kind of talk that is known; write call, meeting, letter or message."),
        "kind-missing": gettext("The kind of talk is missing; write call, meeting, letter or message."),
    }
