"""The limits of GitHub's variables and secrets.

https://docs.github.com/en/actions/reference/workflows-and-actions/variables and .../reference/security/secrets
"""

from __future__ import annotations

from typing import Final

VALUE_BYTES: Final = 48 * 1024
NAMES_AT_MOST: Final = 100  # variables of an environment, and as many secrets
RESERVED_PREFIX: Final = "GITHUB_"
