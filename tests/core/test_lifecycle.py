"""The lifecycle policy against the rules by which ECR applies one (Amazon ECR user guide, lifecycle policies)."""

from __future__ import annotations

import json
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from deployer.core.lifecycle import RELEASED, lifecycle_policy, released_tag, same_policy

DAY = 24 * 3600


@dataclass(frozen=True)
class Image:
    pushed: int
    tags: frozenset[str]


def expired(policy: str, images: list[Image], now: int) -> set[Image]:
    """Every image is decided by the first rule, by priority, that it matches."""
    left, gone = list(images), set[Image]()
    for rule in sorted(json.loads(policy)["rules"], key=lambda rule: rule["rulePriority"]):
        selection = rule["selection"]
        matching = [image for image in left if matches(selection, image)]
        newest = sorted(matching, key=lambda image: image.pushed, reverse=True)
        if selection["countType"] == "imageCountMoreThan":
            gone |= set(newest[selection["countNumber"] :])
        else:
            gone |= {image for image in newest if now - image.pushed > selection["countNumber"] * DAY}
        left = [image for image in left if image not in matching]
    return gone


def matches(selection: dict[str, object], image: Image) -> bool:
    prefixes = selection.get("tagPrefixList", [])
    assert isinstance(prefixes, list)
    match selection["tagStatus"]:
        case "untagged":
            return not image.tags
        case "tagged":
            return any(tag.startswith(prefix) for tag in image.tags for prefix in prefixes)
        case _:
            return True


pushes = st.lists(st.sampled_from(["", "staging", "production", "both", "untagged"]), max_size=60)


@given(pushes, st.integers(1, 5))
def test_no_release_the_ledger_remembers_is_ever_expired(kinds: list[str], keep: int) -> None:
    images = []
    for number, kind in enumerate(kinds):
        released = {"staging": ["staging"], "production": ["production"], "both": ["staging", "production"]}
        tags = {released_tag(name, f"sha{number}") for name in released.get(kind, [])}
        images.append(Image(number, frozenset(tags | ({f"sha{number}"} if kind != "untagged" else set()))))
    policy = lifecycle_policy("staging", keep, lifecycle_policy("production", keep, None))
    gone = expired(policy, images, now=1000 * DAY)
    assert all(not any(tag.startswith("released-") for tag in image.tags) for image in gone)
    others = [image for image in images if image.tags and not any(t.startswith("released-") for t in image.tags)]
    assert len([image for image in others if image not in gone]) == min(keep, len(others))


def test_a_hundred_releases_of_one_environment_do_not_push_out_those_of_another() -> None:
    old = Image(0, frozenset({"sha", released_tag("production", "sha")}))
    images = [old, *(Image(n, frozenset({released_tag("staging", str(n))})) for n in range(1, RELEASED + 50))]
    policy = lifecycle_policy("production", 1, lifecycle_policy("staging", 1, None))
    assert old not in expired(policy, images, now=0)


def test_both_environments_agree_on_the_policy_of_their_repository() -> None:
    """Whichever comes last writes nothing."""
    once = lifecycle_policy("staging", 30, lifecycle_policy("production", 30, None))
    assert same_policy(once, lifecycle_policy("production", 30, once))
    assert same_policy(once, lifecycle_policy("staging", 30, once))
