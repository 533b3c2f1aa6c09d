from __future__ import annotations

import pytest

from deployer.core.person import is_local_caller, person_name


@pytest.mark.parametrize(
    ("who", "shown"),
    [
        ("arn:aws:sts::123456789012:assumed-role/operators/amir", "operators/amir"),
        ("arn:aws:iam::123456789012:user/team/amir", "amir"),
        ("arn:aws:iam::123456789012:root", "root"),
        ("arn:aws:sts::123456789012:federated-user/amir", "amir"),
        ("Amir / Ops", "Amir / Ops"),
        ("local user", "local user"),
        ("", ""),
    ],
)
def test_a_caller_is_shown_by_name(who: str, shown: str) -> None:
    assert person_name(who) == shown


def test_a_real_user_is_never_taken_for_the_local_one() -> None:
    assert is_local_caller("arn:aws:sts::000000000000:user/moto")
    assert not is_local_caller("arn:aws:iam::123456789012:user/moto")
