"""The section `inbox`: the variable that the deployer sets is checked as any other, and is not given twice."""

from __future__ import annotations

from pydantic import BaseModel, field_validator

from deployer.apps.app import App
from deployer.manifest.contract import problems
from deployer.manifest.inbox import inbox_variable, separate_inboxes
from deployer.manifest.load import LoadedManifest, parse
from tests.samples import sample, sample_path, sample_text

LEVEL, KEY = "logging-level: {kind: literal, value: INFO}", "inbox-key: {kind: secret, generate: 32}"
SECTION = "inbox: {kind: dynamodb, table: an-inbox}\n"
WITH_INBOX = sample_text("staging").replace("protect:", f"{SECTION}protect:", 1)
LINE = WITH_INBOX.splitlines().index(SECTION.strip()) + 1


class Old(BaseModel):
    """A service whose inbox cannot be chosen."""

    logging_level: str = "INFO"
    inbox_key: str = ""


class New(Old):
    """A service that does not start without the address of its inbox."""

    inbox_url: str

    @field_validator("inbox_url")
    @classmethod
    def _short(cls, url: str) -> str:
        if len(url) > 60:
            raise ValueError("it is too long")
        return url


def loaded(text: str = WITH_INBOX, app: App | None = None) -> LoadedManifest:
    """The manifest with no variable but one."""
    kept = text.partition("variables:\n")[0] + f"variables:\n  {LEVEL}\n  {KEY}\n"
    return parse((kept + text.partition("# more\n")[2]).encode(), sample_path("staging"), app)


def told(manifest: LoadedManifest, settings: type[BaseModel] | None) -> list[tuple[int, str]]:
    return [(one.line, one.what) for one in problems(manifest, settings)]


def test_the_variable_is_given_and_named_nowhere_else() -> None:
    found = inbox_variable(loaded())
    assert found is not None
    assert (found.variable, found.address) == ("INBOX_URL", "dynamodb://an-inbox?region=us-west-2")
    assert told(loaded(), New) == []


def test_a_service_without_the_setting_is_refused_at_the_line_of_the_section() -> None:
    assert told(loaded(), Old) == [(LINE, "the service has no setting INBOX_URL")]


def test_without_the_section_nothing_is_given() -> None:
    plain = loaded(sample_text("staging"))
    assert inbox_variable(plain) is None
    assert [what for _, what in told(plain, New)] == ["inbox-url is missing"]


def test_the_variable_besides_the_section_is_a_problem_at_its_own_line() -> None:
    line = '# more\n  inbox-url: {kind: literal, value: "dynamodb://other"}\n'
    for settings in (None, New):
        [(number, what)] = told(loaded(WITH_INBOX + line), settings)
        assert (number > LINE, what) == (True, "inbox-url is set by the deployer")


def test_an_address_that_the_service_refuses() -> None:
    long = loaded(WITH_INBOX.replace("an-inbox", "an-inbox" * 8))
    [(number, what)] = told(long, New)
    assert number == LINE
    assert what.startswith("the service refuses this value of INBOX_URL: dynamodb://an-inboxan-inbox")


def test_a_variable_that_the_inbox_needs() -> None:
    text = WITH_INBOX.partition("variables:\n")[0] + f"variables:\n  {LEVEL}\n"
    without = parse(text.encode(), sample_path("staging"))
    for settings in (None, New):
        assert told(without, settings) == [(LINE, "inbox-key is missing")]


def test_an_app_without_an_inbox() -> None:
    for settings in (None, Old):
        assert told(loaded(app=App()), settings) == [(LINE, "the service has no inbox that its instances can share")]


def test_several_instances_without_a_shared_inbox_are_noticed() -> None:
    assert separate_inboxes(sample("staging")) == 25
    assert separate_inboxes(loaded(sample_text("staging").replace("max: 25", "max: 1"))) == 0
    assert separate_inboxes(loaded()) == 0
    assert separate_inboxes(loaded(sample_text("staging"), App())) == 0
