"""What App Runner's own lines say about a deployment that failed. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from deployer.core.readiness import plain


def failure_reason(lines: Sequence[str]) -> str:
    """The cause among the lines, on one short line; "" when there is none."""
    for line in reversed(lines):
        _, mark, reason = line.partition("Failure reason: ")
        if mark:
            return plain(reason.strip())
    written = [line.strip() for line in reversed(lines) if line.strip()]
    return plain(next((line for line in written if "fail" in line.lower()), written[0] if written else ""))
