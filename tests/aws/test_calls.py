"""The thin layer against the local AWS, through real clients."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import ClassVar

import pytest
from botocore.exceptions import ClientError

from deployer.aws import ecr, iam, ledger, lock, logs, ssm
from deployer.aws.session import Session
from deployer.core.desired import lifecycle_policy
from deployer.core.facts import ParameterFact
from deployer.core.release import Release
from deployer.core.secret import SecretValue
from deployer.errors import Refused, StateUnknown


def release(name: str, **more: object) -> Release:
    fields = {
        "id": name,
        "outcome": "healthy",
        "image": "i",
        "tag": "t",
        "literals": {},
        "versions": {},
        "settings": {},
        "manifest": "m",
        "operation": "o",
        "who": "w",
        "when": "2026-01-01T00:00:00+00:00",
        "seconds": 1,
    }
    return Release(**{**fields, **more})  # type: ignore[arg-type]


class TestAccount:
    def test_the_right_one_is_confirmed(self, session: Session) -> None:
        assert ":000000000000:" in session.check()

    def test_another_one_is_refused_before_anything_else(self, session: Session) -> None:
        other = Session("111111111111", session.region, session.endpoint)
        with pytest.raises(Refused, match="000000000000"):
            other.check()
        assert dict(other.calls) == {"sts:GetCallerIdentity": 1}


class TestParameters:
    @pytest.mark.parametrize("count", [0, 1, 10, 11, 20, 25])
    def test_all_of_a_path_are_read_whatever_the_pages(self, session: Session, fresh: str, count: int) -> None:
        for number in range(count):
            ssm.put(session.ssm, f"/{fresh}/x/p{number}", str(number), "", create=True)
        ssm.put(session.ssm, f"/{fresh}/other", "no", "", create=True)
        found = ssm.read_path(session.ssm, f"/{fresh}/x")
        assert found == {f"/{fresh}/x/p{n}": ParameterFact(False, 1, str(n)) for n in range(count)}

    def test_a_secret_is_written_secure_and_read_without_its_value(self, session: Session, fresh: str) -> None:
        path = f"/{fresh}/x/key"
        assert ssm.put(session.ssm, path, SecretValue("s3ntinel"), "why", create=True) == 1
        assert ssm.put(session.ssm, path, SecretValue("s3ntinel-2"), "why", create=False) == 2
        assert ssm.read_path(session.ssm, f"/{fresh}/x") == {path: ParameterFact(True, 2, None)}
        stored = session.ssm.get_parameter(Name=path, WithDecryption=True)["Parameter"]
        assert (stored["Type"], stored["Value"]) == ("SecureString", "s3ntinel-2")

    def test_a_parameter_is_marked_as_ours(self, session: Session, fresh: str) -> None:
        ssm.put(session.ssm, f"/{fresh}/x/a", "1", "", create=True)
        tags = session.ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId=f"/{fresh}/x/a")["TagList"]
        assert tags == [{"Key": "managed-by", "Value": "deployer"}]

    def test_a_creation_never_overwrites(self, session: Session, fresh: str) -> None:
        ssm.put(session.ssm, f"/{fresh}/x/a", "theirs", "", create=True)
        with pytest.raises(ClientError, match="ParameterAlreadyExists"):
            ssm.put(session.ssm, f"/{fresh}/x/a", "ours", "", create=True)


class TestRepository:
    def test_a_missing_one_is_none(self, session: Session, fresh: str) -> None:
        assert ecr.read_repository(session.ecr, fresh) is None
        assert ecr.read_digest(session.ecr, fresh, "tag") is None

    def test_a_new_one_is_as_wanted(self, session: Session, fresh: str) -> None:
        ecr.create_repository(session.ecr, fresh)
        found = ecr.read_repository(session.ecr, fresh)
        assert found is not None
        assert (found.immutable, found.scan_on_push, found.lifecycle) == (True, True, None)
        ecr.put_lifecycle(session.ecr, fresh, lifecycle_policy(30))
        found = ecr.read_repository(session.ecr, fresh)
        assert found is not None
        assert found.lifecycle is not None
        assert json.loads(found.lifecycle) == json.loads(lifecycle_policy(30))

    def test_a_bent_one_is_mended(self, session: Session, fresh: str) -> None:
        session.ecr.create_repository(repositoryName=fresh)
        ecr.mend_repository(session.ecr, fresh)
        found = ecr.read_repository(session.ecr, fresh)
        assert found is not None
        assert (found.immutable, found.scan_on_push) == (True, True)


class TestRole:
    POLICY: ClassVar[dict[str, object]] = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": ["ssm:GetParameters"], "Resource": "*"}],
    }

    def test_it_reads_back_as_it_was_written(self, session: Session, fresh: str) -> None:
        assert iam.read_role(session.iam, fresh) is None
        trust = {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "tasks.apprunner.amazonaws.com"},
                    "Action": "sts:AssumeRole",
                }
            ],
        }
        iam.put_role(session.iam, fresh, trust, self.POLICY, create=True)
        found = iam.read_role(session.iam, fresh)
        assert found is not None
        assert (found.trust, found.policy) == (trust, self.POLICY)
        narrow = {
            "Statement": [
                {"Effect": "Allow", "Action": ["ssm:GetParameters"], "Resource": "arn:aws:ssm:*:*:parameter/a"}
            ]
        }
        iam.put_role(session.iam, fresh, trust, {**self.POLICY, **narrow}, create=False)
        found = iam.read_role(session.iam, fresh)
        assert found is not None
        assert found.policy == {**self.POLICY, **narrow}


class TestLedger:
    def test_it_starts_empty_and_keeps_every_release(self, session: Session, fresh: str) -> None:
        assert ledger.read(session.ssm, f"/{fresh}") == []
        numbers = [ledger.record(session.ssm, f"/{fresh}", release(f"r{n}")) for n in range(60)]
        assert numbers == list(range(1, 61))
        assert [(e.number, e.release.id) for e in ledger.read(session.ssm, f"/{fresh}")] == [
            (n, f"r{n - 1}") for n in range(1, 61)
        ]

    def test_what_is_no_release_is_said(self, session: Session, fresh: str) -> None:
        session.ssm.put_parameter(Name=f"/{fresh}/release", Value="nonsense", Type="String")
        with pytest.raises(StateUnknown, match="not a release"):
            ledger.read(session.ssm, f"/{fresh}")

    def test_a_record_that_ssm_does_not_take_is_said(self, session: Session, fresh: str) -> None:
        large = release("r", literals={"A": "x" * 5000})
        with pytest.raises(StateUnknown, match="4096"):
            ledger.record(session.ssm, f"/{fresh}", large)


class TestLock:
    def test_one_holds_it_and_another_is_told_who(self, session: Session, fresh: str) -> None:
        with (
            lock.hold(session.ssm, f"/{fresh}", who="one", intent="release a"),
            pytest.raises(Refused, match="one is working on this environment: release a"),
            lock.hold(session.ssm, f"/{fresh}", who="two", intent="release b"),
        ):
            pytest.fail("two hold it")
        with lock.hold(session.ssm, f"/{fresh}", who="two", intent="release b"):
            pass

    def test_it_is_given_back_after_an_error(self, session: Session, fresh: str) -> None:
        with pytest.raises(KeyError), lock.hold(session.ssm, f"/{fresh}", who="one", intent="a"):
            raise KeyError
        assert session.ssm.get_parameters(Names=[f"/{fresh}/lock"])["Parameters"] == []

    def test_an_expired_one_is_taken_over(self, session: Session, fresh: str) -> None:
        gone = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
        body = json.dumps({"holder": "dead", "intent": "release a", "expires": gone})
        session.ssm.put_parameter(Name=f"/{fresh}/lock", Value=body, Type="String")
        with lock.hold(session.ssm, f"/{fresh}", who="two", intent="release b"):
            held = session.ssm.get_parameter(Name=f"/{fresh}/lock")["Parameter"]
            assert json.loads(held["Value"])["holder"] == "two"

    def test_one_of_a_process_that_is_gone_is_taken_over(self, session: Session, fresh: str) -> None:
        gone = subprocess.Popen([sys.executable, "-c", ""])
        gone.wait()
        later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
        holder = {"holder": "dead", "intent": "a", "expires": later, "host": socket.gethostname(), "pid": gone.pid}
        session.ssm.put_parameter(Name=f"/{fresh}/lock", Value=json.dumps(holder), Type="String")
        with lock.hold(session.ssm, f"/{fresh}", who="two", intent="release b"):
            pass
        elsewhere = json.dumps(holder | {"host": "another-machine"})
        session.ssm.put_parameter(Name=f"/{fresh}/lock", Value=elsewhere, Type="String")
        with pytest.raises(Refused), lock.hold(session.ssm, f"/{fresh}", who="two", intent="release b"):
            pytest.fail("two hold it")

    def test_one_that_was_taken_over_is_not_removed_by_its_old_holder(self, session: Session, fresh: str) -> None:
        with lock.hold(session.ssm, f"/{fresh}", who="one", intent="release a"):
            session.ssm.put_parameter(Name=f"/{fresh}/lock", Value="{}", Type="String", Overwrite=True)
        assert len(session.ssm.get_parameters(Names=[f"/{fresh}/lock"])["Parameters"]) == 1


def test_log_lines_come_in_order_and_since_a_moment(session: Session, fresh: str) -> None:
    now = int(datetime.now(UTC).timestamp() * 1000)
    assert logs.since(session.logs, fresh, now) == []
    session.logs.create_log_group(logGroupName=fresh)
    for stream, times in {"a": (now, now + 2), "b": (now - 5000, now + 1)}.items():
        session.logs.create_log_stream(logGroupName=fresh, logStreamName=stream)
        events = [{"timestamp": time, "message": f"{stream}{time - now}"} for time in times]
        session.logs.put_log_events(logGroupName=fresh, logStreamName=stream, logEvents=events)  # type: ignore[arg-type]
    assert logs.since(session.logs, fresh, now) == ["a0", "b1", "a2"]
    assert logs.since(session.logs, fresh, now, prefix="b") == ["b1"]
    assert logs.since(session.logs, fresh, now, limit=1) == ["a2"]
