"""The cause of a failed deployment."""

from __future__ import annotations


class Problem(Exception):
    """Why a deployment cannot go on, as text for the service's log or status, without values of variables."""
