"""Whether an environment is of the real AWS or of the local world is decided in one place."""

from __future__ import annotations

import re

from tests.architecture.test_imports import ROOT, sources

DECIDES = re.compile(
    r"endpoint is (not )?None|\bif (not )?[\w.]*endpoint\b(:| and| or| else)|is_local\(|(desired|wanted)\.local"
)
ALLOWED = {
    "deployer/environment/site.py": "the place",
    "deployer/aws/session.py": "which credentials and addresses its clients may use",
    "deployer/github/reach.py": "which GitHub belongs to an AWS",
    "deployer/environment/protection.py": "one local world's releases are as good as another's",
    "deployer/view/adopted_manifest.py": "it is written as it is",
    "deployer/view/bootstrap_commands.py": "the same",
    "deployer/local/settings.py": "it refuses the real AWS",
}


def test_it_is_decided_in_one_place() -> None:
    found = {str(path.relative_to(ROOT)) for path in sources("deployer") if DECIDES.search(path.read_text())}
    assert found == set(ALLOWED)
