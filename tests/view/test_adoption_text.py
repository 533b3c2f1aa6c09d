"""What adoption leaves out, notes and expects, as a person reads it in the new manifest."""

from __future__ import annotations

import pytest

from deployer.core.adoption.expected import (
    AutomaticDeploymentsOff,
    CommandRemoved,
    Expectation,
    ImageByDigest,
    NewScaling,
    Paused,
)
from deployer.core.adoption.reason import (
    AddVariable,
    BelowThePath,
    Fix,
    LostDescription,
    NoParameter,
    NotAllowed,
    Note,
    NotRead,
    NotReadNow,
    NotSet,
    NoValue,
    Readable,
    ReadElsewhere,
    Reason,
    RefusedValue,
    RenameVariable,
    UnseenCharacter,
    WasStringList,
)
from deployer.view.adoption_text import expectation, fix, note, why


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        (NotAllowed("it is empty"), "it is empty"),
        (UnseenCharacter(), "its value holds a character that cannot be seen"),
        (RefusedValue("too long"), "the service refuses its value: too long"),
        (ReadElsewhere("/b/x", "/a/x"), "it is read from /b/x; this manifest would read it from /a/x"),
        (ReadElsewhere("", "/a/x"), "it is read from something else; this manifest would read it from /a/x"),
        (NoParameter("/a/x"), "parameter /a/x does not exist"),
        (BelowThePath(), "its path is below that of this manifest's parameters"),
        (NotRead(), "the service does not read it"),
        (NotSet("demo"), "the service demo does not set it"),
    ],
)
def test_why_a_variable_is_left_out(reason: Reason, text: str) -> None:
    assert why(reason) == text


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (None, "nothing to do"),
        (AddVariable("level", secret=False, extra=False), "just add staging level VALUE"),
        (AddVariable("level", secret=False, extra=True), "just add staging level VALUE --extra"),
        (
            AddVariable("key", secret=True, extra=True),
            "just add staging key --secret --extra, and: just secret set staging key",
        ),
        (RenameVariable(), "rename it where it is read, and add it by its new name: just add ENV NAME VALUE"),
    ],
)
def test_what_to_do_with_it(found: Fix | None, text: str) -> None:
    assert fix(found, "staging") == text


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (NotReadNow(NotRead()), "Nothing reads this parameter now: the service does not read it."),
        (
            NoValue(NotSet("demo")),
            (
                "It has no value at this path, and the service does not start without one: "
                "the service demo does not set it. "
                "Set it: just secret set staging key"
            ),
        ),
        (
            WasStringList(),
            "A StringList now. A manifest holds a String: the first plan recreates it, with the same value.",
        ),
        (
            Readable(stored=True),
            "A plain String in SSM now: just secret set staging key; then rotate the credential.",
        ),
        (
            Readable(stored=False),
            (
                "Anyone with permission to read the service can read it now: just secret set staging key; "
                "then rotate the credential."
            ),
        ),
        (
            LostDescription(),
            "Its description looks like a credential, or holds what cannot be seen: the parameter loses it.",
        ),
    ],
)
def test_a_note_next_to_a_variable(found: Note, text: str) -> None:
    assert note(found, "key", "staging") == text


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (
            Paused("demo"),
            "service demo: it is paused; nothing is deployed before: just resume staging --old-release-first",
        ),
        (NewScaling("demo"), "scaling demo: a revision of its own, with the numbers it has now"),
        (
            ImageByDigest("demo", "v1"),
            "deploy demo: the image of the current commit, by its digest; of v1 with --image",
        ),
        (
            CommandRemoved("demo", "credential"),
            "deploy demo: its start command holds what looks like a credential, is left out here, and is removed",
        ),
        (
            CommandRemoved("demo", "not-one-line"),
            "deploy demo: its start command is not one line of text, is left out here, and is removed",
        ),
        (
            CommandRemoved("demo", "not-words"),
            "deploy demo: its start command cannot be split into words, is left out here, and is removed",
        ),
        (
            AutomaticDeploymentsOff("demo"),
            "deploy demo: automatic deployments off, so that nothing is deployed but what was planned",
        ),
    ],
)
def test_a_change_that_the_first_plan_shows(found: Expectation, text: str) -> None:
    assert expectation(found, "staging") == text
