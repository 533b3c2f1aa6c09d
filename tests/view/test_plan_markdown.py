from __future__ import annotations

import re
from html import unescape

import pytest
from markdown_it import MarkdownIt

from deployer.core.caution import Unverified
from deployer.core.unverified import RightsRefused, SecretsNotRead
from deployer.resources.ssm_parameters.blocker import UnsetSecret
from deployer.view.plan_markdown import render
from tests.view.test_plan_text import STAGED, plan, put


def test_a_plan_is_one_table() -> None:
    made = plan(
        changes=(put("LEVEL", "INFO", "DEBUG", "~"),),
        notices=(STAGED,),
        warnings=(Unverified(SecretsNotRead()),),
    )
    assert render(made, manifest="env/staging.yaml") == (
        "### demo / staging\n"
        "\n"
        f"**Plan {made.fingerprint}: 0 to add, 1 to change, 0 to remove. No deployment.**\n"
        "\n"
        "Manifest <code>env/staging.yaml</code>, live: release 41, account 123456789012, us-west-2."
        f" Fingerprint <code>{made.fingerprint}</code>.\n"
        "\n"
        "> **Warning:** not checked: whether the service accepts its secrets: that takes reading them\n"
        "\n"
        "| | Group | What | Change | Why | Line |\n"
        "|---|---|---|---|---|---|\n"
        "| <code>&#126;</code> | Variables | <code>LEVEL</code> | <code>literal  DEBUG -&gt; INFO</code> | edit"
        " | staging.yaml:7 |\n"
        "| <code>!</code> | Variables | <code>TOKEN</code> | <code>secret   v6 -&gt; v7; containers still hold v6"
        "</code> |  | staging.yaml:9 |\n"
    )


def test_a_plan_that_waits_says_so_and_what_ends_it() -> None:
    said = unescape(render(plan(postponed=True), manifest="env/staging.yaml"))
    assert "> **Postponed:** service demo-staging is paused, as env/staging.yaml declares" in said
    assert "remove `paused: true` from env/staging.yaml, then: just resume staging --old-release-first" in said


def test_blockers_come_first() -> None:
    made = plan(blockers=(UnsetSecret("KEY", "key", line="staging.yaml:8"),))
    text = render(made, manifest="m")
    assert (
        "- **Blocked:** KEY: the secret has no value in SSM <code>staging.yaml:8</code>\n"
        "  Fix: <code>just secret set staging key</code>" in text
    )


def test_a_value_cannot_become_markup() -> None:
    """A literal stays text in its own cell, whatever it holds."""
    text = render(plan(changes=(put("LEVEL", "a | b`c` <img src=x> **d**", None, "+"),)), manifest="m")
    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(text)
    assert "<img" not in html
    assert "<strong>d" not in html
    assert html.count("<td>") == 6


@pytest.mark.parametrize(
    "text",
    [
        "@ansari/admins",
        "#1",
        "https://evil.example",
        "www.evil.example",
        "ops@evil.example",
        "a\n# b",
        "$x$",
        "\x1b[2J",
    ],
)
def test_a_text_names_nobody_and_links_nowhere(text: str) -> None:
    """What GitHub would find in the rendered text; a zero-width space breaks it."""
    made = plan(
        warnings=(Unverified(RightsRefused(role=text, refused="iam:GetRole")),),
        changes=(put("LEVEL", text, None, "+"),),
    )
    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(render(made, manifest="m"))
    assert "<a " not in html
    assert "<h1" not in html
    assert html.count("<td>") == 6
    shown = unescape(re.sub("<code>.*?</code>", "", html))
    assert not re.search(r"@\w|#\d|://|www\.|\x1b", shown)
    assert "://" not in unescape(html)
