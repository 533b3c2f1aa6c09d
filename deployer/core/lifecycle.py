"""The lifecycle policy of a repository. It never expires an image that an environment runs or may roll back to.

A rule of ECR cannot express "in use". So each environment tags what it releases, and a rule of its own, before the
general one, keeps the newest of those: an image that matches a rule is left alone by every later one (Amazon ECR user
guide, lifecycle policies).
"""

from __future__ import annotations

import json
from typing import Any

RELEASED = 100  # as many as the ledger remembers: SSM keeps 100 versions of a parameter
UNTAGGED_DAYS = 14


def released_tag(environment: str, tag: str) -> str:
    """The second tag of an image that an environment has released."""
    return f"{_prefix(environment)}{tag}"


def lifecycle_policy(environment: str, keep: int, live: str | None) -> str:
    """The policy text for a repository whose policy is `live` now: this environment's rule and those of others.

    Untagged images expire after 14 days, and all but the newest `keep` of the other images that were never released.
    """
    prefixes = sorted({*_prefixes(live), _prefix(environment)})
    rules = [
        *(_rule({"tagStatus": "tagged", "tagPrefixList": [p], **_more_than(RELEASED)}) for p in prefixes),
        _rule(
            {
                "tagStatus": "untagged",
                "countType": "sinceImagePushed",
                "countUnit": "days",
                "countNumber": UNTAGGED_DAYS,
            }
        ),
        _rule({"tagStatus": "any", **_more_than(keep)}),
    ]
    numbered = [{"rulePriority": number, **rule} for number, rule in enumerate(rules, 1)]
    return json.dumps({"rules": numbered}, sort_keys=True, separators=(",", ":"))


def kept(policy: str) -> int:
    """How many images a policy of this kind keeps; 0 when it has no such rule."""
    selections = [rule["selection"] for rule in json.loads(policy)["rules"]]
    return next((int(one.get("countNumber", 0)) for one in selections if one["tagStatus"] == "any"), 0)


def same_policy(one: str, other: str) -> bool:
    """Whether two texts are the same policy."""
    return bool(json.loads(one) == json.loads(other))


def _prefix(environment: str) -> str:
    return f"released-{environment}-"


def _prefixes(policy: str | None) -> list[str]:
    rules = json.loads(policy)["rules"] if policy else []
    prefixes = [prefix for rule in rules for prefix in rule["selection"].get("tagPrefixList", [])]
    return [prefix for prefix in prefixes if prefix.startswith("released-")]


def _more_than(count: int) -> dict[str, Any]:
    return {"countType": "imageCountMoreThan", "countNumber": count}


def _rule(selection: dict[str, Any]) -> dict[str, Any]:
    return {"selection": selection, "action": {"type": "expire"}}
