"""Two environments of one account, each with roles of its own, beside `local` in the same world."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.checkout import Checkout
from tests.ports import free_port

ACCOUNT = "000000000000"
GITHUB = """
github:
  repository: some-team/some-app
  branch: main
  credentials: {{kind: oidc, role: {name}-deployer, managed: true}}
  ids: {{owner: 11, repository: 22}}
"""
INBOX = """
inbox: {{kind: dynamodb, table: {name}-inbox}}

variables:
  inbox-key: {{kind: secret, generate: 32}}
"""


def write_two(checkout: Checkout) -> None:
    """env/staging.yaml and env/production.yaml, whose images have to be healthy in staging."""
    for name in ("staging", "production"):
        text = checkout.manifest.read_text()
        for old, new in (
            ("environment: local\n", f"environment: {name}\n"),
            ("whatsapp/local\n", f"whatsapp/{name}\n"),
            ("ansari-local-whatsapp", f"ansari-{name}-whatsapp"),
            (f"port: {checkout.ports['8001']} ", f"port: {free_port()} "),
            ("access: CustomAppRunnerServiceRole", f"access: {name}-access"),
            ("instance: CustomAppRunnerInstanceRole", f"instance: {name}-instance"),
            ("\nvariables:\n", GITHUB.format(name=name) + INBOX.format(name=name)),
        ):
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        path(checkout, name).write_text(text)
    edit(checkout, "production", "clean_tree: false}", "clean_tree: false, healthy_in: staging}")
    # Committed, because the project's own manifests protect more, and an edit alone loosens nothing.
    checkout.git("commit", "--quiet", "--allow-empty", "--message", "two environments", "env")


def path(checkout: Checkout, name: str) -> Path:
    return checkout.root / "env" / f"{name}.yaml"


def edit(checkout: Checkout, name: str, old: str, new: str) -> None:
    text = path(checkout, name).read_text()
    assert text.count(old) == 1, old
    path(checkout, name).write_text(text.replace(old, new))
