"""A store that is set up in the browser: the link from the terminal, the controller, the first member of staff."""

from http import HTTPStatus

from flask import Response, g, redirect, request, url_for
from flask_babel import get_locale, gettext

from governance.accounts import operations as accounts
from governance.console import cookies, forms, sayings
from governance.console.frame import door_page, go
from governance.console.guard import blueprint, stranger_work
from governance.console.refusing import refusal
from governance.kernel.errors import InvalidError, NotFoundError
from governance.kernel.work import Work
from governance.pages.forms import EMPTY, Typed
from governance.pages.languages import language
from governance.reference import operations as reference
from governance.reference.lookup import countries, laws


@blueprint.get("/setup/<token>")
def setup_link(token: str) -> Response:
    """Where the link leads: a button, since whatever follows links by itself must change nothing."""
    return _shown("setup_begin", token=token[:256])


@blueprint.post("/setup")
def begin_setup() -> Response:
    """Take the link up in this browser."""
    token = request.form.get("token", "")[:256]
    if not forms.is_sealed(before_sign_in=True):
        return _shown("setup_begin", token=token, status=HTTPStatus.FORBIDDEN)
    try:
        with stranger_work() as work:
            accounts.require_setup(work, presented=token)
    except NotFoundError:
        return _spent()
    answer = _to_setup()
    cookies.keep(answer, cookies.SETUP, token)
    return answer


@blueprint.get("/setup")
def setup() -> Response:
    """The next step that was not done yet; it may be left, and gone on with by the same link."""
    return _step(EMPTY, HTTPStatus.OK)


@blueprint.post("/setup/controller")
def set_up_controller() -> Response:
    """Put on record whose store this is."""
    typed = _typed("legal_name", "address", "country")
    if not forms.is_sealed(before_sign_in=True):
        return _step(typed, HTTPStatus.FORBIDDEN)
    try:
        with stranger_work() as work:
            accounts.require_setup(work, presented=cookies.setup_token())
            reference.set_controller(
                work, legal_name=typed.get("legal_name"), address=typed.get("address"), country=typed.get("country")
            )
    except InvalidError as error:
        return _step(_wrong(typed, error), HTTPStatus.UNPROCESSABLE_ENTITY)
    except NotFoundError:
        return _spent()
    return _to_setup()


@blueprint.post("/setup/officer")
def set_up_officer() -> Response:
    """Put the first member of staff on record, and show the second factor, once."""
    typed = _typed("name", "email")
    password = request.form.get("password", "")[:1024]
    if not forms.is_sealed(before_sign_in=True):
        return _step(typed, HTTPStatus.FORBIDDEN)
    if password != request.form.get("again", ""):
        wrong = Typed(typed.values, {"again": gettext("The two passwords differ.")})
        return _step(wrong, HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        with stranger_work() as work:
            made = accounts.enrol_first(
                work,
                presented=cookies.setup_token(),
                name=typed.get("name"),
                email=typed.get("email"),
                password=password,
            )
            _look_up(work)
    except InvalidError as error:
        return _step(_wrong(typed, error), HTTPStatus.UNPROCESSABLE_ENTITY)
    except NotFoundError:
        return _spent()
    g.actor = str(made.staff)
    passed = [gettext("Company"), gettext("Your access")]
    return _shown("enrolled", enrolment=made, then=url_for("console.first_steps"), passed=passed)


def _step(typed: Typed, status: int) -> Response:
    try:
        with stranger_work() as work:
            accounts.require_setup(work, presented=cookies.setup_token())
            named = _look_up(work)
    except NotFoundError:
        return _spent()
    if named:
        return _shown("setup_officer", status=status, typed=typed)
    names = get_locale().territories if get_locale() is not None else {}
    known = sorted(((code, names.get(code, code)) for code in countries()), key=lambda one: one[1])
    titles = {key: law.titles.get(language()) for key, law in laws().items()}
    rules = {code: ", ".join(titles[law] for law in one.laws) for code, one in countries().items()}
    return _shown("setup_controller", status=status, typed=typed, countries=known, rules=rules)


def _look_up(work: Work) -> bool:
    g.controller = reference.find_controller(work)
    return g.controller is not None


def _typed(*names: str) -> Typed:
    return Typed({name: request.form.get(name, "").strip()[:1000] for name in names})


def _wrong(typed: Typed, error: InvalidError) -> Typed:
    said = {name: " ".join(told) for name, told in error.errors.items()}
    return Typed(typed.values, sayings.by_field(said or {"_": error.detail}))


def _shown(template: str, *, status: int = HTTPStatus.OK, **view: object) -> Response:
    mark = cookies.stranger_mark() or cookies.make_mark()
    answer = door_page(template, seal=forms.seal(mark), status=status, **view)
    cookies.keep(answer, cookies.STRANGER, mark)
    return answer


def _to_setup() -> Response:
    found = redirect(url_for("console.setup"), code=HTTPStatus.SEE_OTHER)
    return Response(found.get_data(), status=found.status_code, headers=found.headers)


def _spent() -> Response:
    with stranger_work() as work:
        done = accounts.is_set_up(work)
    if done:
        return go("sign_in")
    return refusal(
        404,
        gettext("This link is spent or expired"),
        gettext("Stop the service and start it again: it shows another link."),
    )
