"""The thin layer against the local AWS, through real clients."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import pytest
from botocore.exceptions import ClientError
from msgspec.structs import replace

from deployer.aws import ecr, iam, ledger, lock, lock_record, logs, ssm
from deployer.aws.session import Session
from deployer.core.lifecycle import lifecycle_policy
from deployer.core.observed import ObservedParameter
from deployer.core.secret import SecretValue
from deployer.errors import Blocked, LockLost, Refused
from deployer.targets.apprunner.rights import CALLS
from deployer.targets.registry import RECORDED
from tests.core.test_release import release

if TYPE_CHECKING:
    from types_boto3_ssm import SSMClient


def read(session: Session, path: str, *names: str) -> dict[str, ObservedParameter]:
    """Everything below a path, as a plan reads it, without who wrote it and when."""
    found = ssm.together(
        ssm.describe(session.ssm, path), ssm.read(session.ssm, names) if names else {}, ssm.ours(session.ssm, path)
    )
    return {name: replace(parameter, changed_by="", changed=0.0) for name, parameter in found.items()}


class TestAccount:
    def test_the_right_one_is_confirmed(self, session: Session) -> None:
        assert ":000000000000:" in session.check()

    def test_another_one_is_refused_before_anything_else(self, session: Session) -> None:
        other = Session("111111111111", session.region, session.endpoint, session.keys)
        with pytest.raises(Refused, match="000000000000"):
            other.check()
        assert dict(other.calls) == {"sts:GetCallerIdentity": 1}


class TestParameters:
    @pytest.mark.parametrize("count", [0, 1, 50, 51])
    def test_all_of_a_path_are_read_whatever_the_pages(self, session: Session, fresh: str, count: int) -> None:
        for number in range(count):
            ssm.put(session.ssm, f"/{fresh}/x/p{number}", str(number), "", create=True)
        ssm.put(session.ssm, f"/{fresh}/other", "no", "", create=True)
        assert read(session, f"/{fresh}/x") == {
            f"/{fresh}/x/p{n}": ObservedParameter(False, 1, None) for n in range(count)
        }

    def test_a_secret_is_written_secure_and_read_without_its_value(self, session: Session, fresh: str) -> None:
        path = f"/{fresh}/x/key"
        assert ssm.put(session.ssm, path, SecretValue("s3ntinel"), "why", create=True) == 1
        assert ssm.put(session.ssm, path, SecretValue("s3ntinel-2"), "why", create=False) == 2
        assert read(session, f"/{fresh}/x", path) == {path: ObservedParameter(True, 2, None, "why")}
        stored = session.ssm.get_parameter(Name=path, WithDecryption=True)["Parameter"]
        assert (stored["Type"], stored["Value"]) == ("SecureString", "s3ntinel-2")

    def test_a_parameter_is_marked_as_ours(self, session: Session, fresh: str) -> None:
        ssm.put(session.ssm, f"/{fresh}/x/a", "1", "", create=True)
        tags = session.ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId=f"/{fresh}/x/a")["TagList"]
        assert tags == [{"Key": "managed-by", "Value": "deployer"}]

    def test_a_literal_is_read_with_its_value_and_a_missing_name_is_not_there(
        self, session: Session, fresh: str
    ) -> None:
        path = f"/{fresh}/x/a"
        ssm.put(session.ssm, path, "1", "", create=True)
        assert read(session, f"/{fresh}/x", path, f"{path}b") == {path: ObservedParameter(False, 1, "1")}

    def test_one_of_somebody_else_is_adopted_without_a_new_version(self, session: Session, fresh: str) -> None:
        path = f"/{fresh}/x/a"
        session.ssm.put_parameter(Name=path, Value="1", Type="String")
        assert read(session, f"/{fresh}/x", path) == {path: ObservedParameter(False, 1, "1", ours=False)}
        ssm.adopt(session.ssm, path)
        assert read(session, f"/{fresh}/x", path) == {path: ObservedParameter(False, 1, "1")}

    def test_one_of_another_type_is_recreated_and_its_last_value_is_kept(self, session: Session, fresh: str) -> None:
        path, kept = f"/{fresh}/x/a", f"/{fresh}/replaced/a"
        ssm.put(session.ssm, path, "1", "", create=True)
        assert ssm.recreate(session.ssm, path, SecretValue("s"), "", kept=kept, pause=0) == 1
        assert read(session, f"/{fresh}/x", path) == {path: ObservedParameter(True, 1, None)}
        assert ssm.reveal(session.ssm, [path, kept], only_secure=True) == {
            path: SecretValue("s"), kept: SecretValue("1"),
        }  # fmt: skip
        assert ssm.recreate(session.ssm, path, "3", "", kept=kept, pause=0) == 1
        assert ssm.ours(session.ssm, f"/{fresh}") == {path, kept}
        assert read(session, f"/{fresh}/x", path) == {path: ObservedParameter(False, 1, "3")}
        assert ssm.reveal(session.ssm, [path, kept], only_secure=True) == {kept: SecretValue("s")}

    def test_one_that_is_gone_already_is_created_and_the_kept_value_stays(self, session: Session, fresh: str) -> None:
        """As after a process that died between the deletion and the creation."""
        path, kept = f"/{fresh}/x/a", f"/{fresh}/replaced/a"
        ssm.put(session.ssm, kept, SecretValue("s"), "", create=True)
        assert ssm.recreate(session.ssm, path, "3", "", kept=kept, pause=0) == 1
        assert ssm.reveal(session.ssm, [kept]) == {kept: SecretValue("s")}

    def test_older_versions_are_revealed_by_number_and_a_missing_one_is_not_there(
        self, session: Session, fresh: str
    ) -> None:
        path = f"/{fresh}/x/a"
        for version, text in enumerate(("one", "two"), 1):
            assert ssm.put(session.ssm, path, SecretValue(text), "", create=version == 1) == version
        assert ssm.reveal(session.ssm, [path, f"{path}-b"]) == {path: SecretValue("two")}
        assert ssm.reveal_version(session.ssm, path, 1) == SecretValue("one")
        assert ssm.reveal_version(session.ssm, path, 9) is None
        assert ssm.reveal_version(session.ssm, f"{path}-b", 1) is None
        assert ssm.holds_only(session.ssm, path, [2], SecretValue("two"))
        assert not ssm.holds_only(session.ssm, path, [1, 2], SecretValue("two"))

    def test_it_is_deleted_and_once_more_does_no_harm(self, session: Session, fresh: str) -> None:
        ssm.put(session.ssm, f"/{fresh}/x/a", "1", "", create=True)
        for _ in range(2):
            ssm.delete(session.ssm, f"/{fresh}/x/a")
            assert read(session, f"/{fresh}/x") == {}

    def test_one_without_the_tag_is_not_deleted(self, session: Session, fresh: str) -> None:
        path = f"/{fresh}/x/a"
        session.ssm.put_parameter(Name=path, Value="theirs", Type="String")
        with pytest.raises(Refused, match="does not carry the deployer's tag; it was not deleted"):
            ssm.delete(session.ssm, path)
        assert session.ssm.get_parameter(Name=path)["Parameter"]["Value"] == "theirs"

    def test_a_creation_never_overwrites(self, session: Session, fresh: str) -> None:
        ssm.put(session.ssm, f"/{fresh}/x/a", "theirs", "", create=True)
        with pytest.raises(ClientError, match="ParameterAlreadyExists"):
            ssm.put(session.ssm, f"/{fresh}/x/a", "ours", "", create=True)


class TestRepository:
    def test_a_missing_one_is_none(self, session: Session, fresh: str) -> None:
        assert ecr.read_repository(session.ecr, fresh) is None
        assert ecr.read_image(session.ecr, fresh, "tag", None) is None

    def test_a_new_one_is_as_wanted(self, session: Session, fresh: str) -> None:
        ecr.create_repository(session.ecr, fresh)
        found = ecr.read_repository(session.ecr, fresh)
        assert found is not None
        assert (found.immutable, found.scan_on_push, found.lifecycle) == (True, True, None)
        ecr.put_lifecycle(session.ecr, fresh, lifecycle_policy("staging", 30, None))
        found = ecr.read_repository(session.ecr, fresh)
        assert found is not None
        assert found.lifecycle is not None
        assert json.loads(found.lifecycle) == json.loads(lifecycle_policy("staging", 30, None))

    def test_a_bent_one_is_mended(self, session: Session, fresh: str) -> None:
        session.ecr.create_repository(repositoryName=fresh)
        ecr.change_repository(session.ecr, fresh)
        found = ecr.read_repository(session.ecr, fresh)
        assert found is not None
        assert (found.immutable, found.scan_on_push) == (True, True)

    def test_an_image_gets_a_second_tag_and_twice_does_no_harm(self, session: Session, fresh: str) -> None:
        ecr.create_repository(session.ecr, fresh)
        ecr.create_repository(session.ecr, fresh)
        manifest = b'{"schemaVersion": 2, "config": {"digest": "sha256:0"}, "layers": []}'
        digest = "sha256:" + hashlib.sha256(manifest).hexdigest()
        for _ in range(2):
            ecr.put_image(session.ecr, fresh, "c0ffee", manifest, digest)
            ecr.tag_image(session.ecr, fresh, digest, "released-staging-c0ffee")
        for tag, wanted in (("c0ffee", None), ("nowhere", digest)):
            found = ecr.read_image(session.ecr, fresh, tag, wanted)
            assert found is not None
            assert (found.digest, set(found.tags)) == (digest, {"c0ffee", "released-staging-c0ffee"})


class TestRole:
    POLICY: ClassVar[dict[str, object]] = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": ["ssm:GetParameters"], "Resource": "*"}],
    }

    def test_it_reads_back_as_it_was_written(self, session: Session, fresh: str) -> None:
        assert iam.read_role(session.iam, fresh, "ours") is None
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
        iam.put_trust(session.iam, fresh, trust, create=True)
        iam.put_policy(session.iam, fresh, "ours", self.POLICY)
        found = iam.read_role(session.iam, fresh, "ours")
        assert found is not None
        assert (found.trust, found.policy) == (trust, self.POLICY)
        narrow = {
            "Statement": [
                {"Effect": "Allow", "Action": ["ssm:GetParameters"], "Resource": "arn:aws:ssm:*:*:parameter/a"}
            ]
        }
        iam.put_trust(session.iam, fresh, trust, create=False)
        iam.put_policy(session.iam, fresh, "ours", {**self.POLICY, **narrow})
        found = iam.read_role(session.iam, fresh, "ours")
        assert found is not None
        assert found.policy == {**self.POLICY, **narrow}


class TestLedger:
    def test_it_starts_empty_and_keeps_every_release(self, session: Session, fresh: str) -> None:
        assert ledger.read(session.ssm, f"/{fresh}", RECORDED) == ()
        numbers = [ledger.record(session.ssm, f"/{fresh}", release(id=f"r{n}")) for n in range(60)]
        assert numbers == list(range(1, 61))
        assert [(e.number, e.release.id) for e in ledger.read(session.ssm, f"/{fresh}", RECORDED)] == [
            (n, f"r{n - 1}") for n in range(1, 61)
        ]

    def test_what_is_no_release_is_said(self, session: Session, fresh: str) -> None:
        session.ssm.put_parameter(Name=f"/{fresh}/release", Value="nonsense", Type="String")
        with pytest.raises(Blocked, match="not a release"):
            ledger.read(session.ssm, f"/{fresh}", RECORDED)


hold = partial(lock.hold, warn=pytest.fail)


def another(session: Session) -> Session:
    """The clients of another run."""
    return Session(session.account, session.region, session.endpoint, session.keys)


def body(session: Session, ledger: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(session.ssm.get_parameter(Name=f"{ledger}/lock")["Parameter"]["Value"])
    return found


def write(session: Session, ledger: str, **more: object) -> None:
    """A lock that somebody else has left, as this process would have written it but for `more`."""
    with hold(session, ledger, who="one", verb="reconcile"):
        left = body(session, ledger) | {"id": "another"} | more
    session.ssm.put_parameter(Name=f"{ledger}/lock", Value=json.dumps(left), Type="String")


class TestLock:
    def test_one_holds_it_and_another_is_told_who(self, session: Session, fresh: str) -> None:
        with hold(session, f"/{fresh}", who="one", verb="reconcile") as held:
            held.intend(release="abc", content="c", image="i", tag="t")
            with (
                pytest.raises(Refused, match=r"one .* is working on this environment since .*: release abc"),
                hold(another(session), f"/{fresh}", who="two", verb="reconcile"),
            ):
                pytest.fail("two hold it")
            held.settled()
        with hold(another(session), f"/{fresh}", who="two", verb="reconcile") as held:
            assert held.previous is None

    def test_it_is_given_back_after_an_error(self, session: Session, fresh: str) -> None:
        with pytest.raises(KeyError), hold(session, f"/{fresh}", who="one", verb="reconcile"):
            raise KeyError
        assert lock.read(session.ssm, f"/{fresh}") is None

    def test_a_deployment_under_way_is_handed_to_the_next_run(self, session: Session, fresh: str) -> None:
        with hold(session, f"/{fresh}", who="one", verb="reconcile") as held:
            held.intend(release="abc", content="c", image="i", tag="t")
            held.started("operation-1")
        left = lock.read(session.ssm, f"/{fresh}")
        assert left is not None
        assert (left.release, left.operation, left.over) == ("abc", "operation-1", True)
        with hold(another(session), f"/{fresh}", who="two", verb="reconcile") as held:
            assert held.previous is not None
            assert (held.previous.holder, held.previous.operation) == ("one", "operation-1")
        assert lock.read(session.ssm, f"/{fresh}") is None

    def test_an_expired_one_is_taken_over(self, session: Session, fresh: str) -> None:
        gone = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
        write(session, f"/{fresh}", host="another-machine", expires=gone)
        with hold(another(session), f"/{fresh}", who="two", verb="reconcile"):
            assert body(session, f"/{fresh}")["holder"] == "two"

    def test_one_of_a_process_that_is_gone_is_taken_over(self, session: Session, fresh: str) -> None:
        gone = subprocess.Popen([sys.executable, "-c", ""])
        gone.wait()
        write(session, f"/{fresh}", pid=gone.pid)
        with hold(another(session), f"/{fresh}", who="two", verb="reconcile"):
            pass

    def test_a_zombie_is_gone_and_so_is_a_process_whose_number_was_given_out_again(self) -> None:
        zombie = subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE)
        assert zombie.stdout is not None
        zombie.stdout.read()
        while Path(f"/proc/{zombie.pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
            time.sleep(0.01)
        assert lock_record.process_start(zombie.pid) == 0
        zombie.wait()
        zombie.stdout.close()
        assert lock_record.process_start(zombie.pid) == 0
        assert lock_record.process_start(os.getpid()) > 0

    def test_one_of_another_machine_is_not_taken_before_it_expires(self, session: Session, fresh: str) -> None:
        write(session, f"/{fresh}", host="another-machine")
        with pytest.raises(Refused), hold(another(session), f"/{fresh}", who="two", verb="reconcile"):
            pytest.fail("two hold it")

    def test_a_heartbeat_moves_the_expiry_and_keeps_what_it_says(self, session: Session, fresh: str) -> None:
        with hold(session, f"/{fresh}", who="one", verb="reconcile") as held:
            held.intend(release="abc", content="c", image="i", tag="t")
            before = body(session, f"/{fresh}")
            held.beat()
            held.prove()
            after = body(session, f"/{fresh}")
            assert {**before, "beat": "", "expires": ""} == {**after, "beat": "", "expires": ""}
            assert session.ssm.get_parameter(Name=f"/{fresh}/lock")["Parameter"]["Version"] == 3
            held.settled()

    def test_a_holder_whose_lock_was_taken_writes_nothing_more(self, session: Session, fresh: str) -> None:
        with hold(session, f"/{fresh}", who="one", verb="reconcile") as held:
            ssm.put(session.ssm, f"/{fresh}/before", "x", "", create=True)
            text = json.dumps(body(session, f"/{fresh}") | {"id": "another", "holder": "two"})
            another(session).ssm.put_parameter(Name=f"/{fresh}/lock", Value=text, Type="String", Overwrite=True)
            for write in (
                held.prove,
                held.beat,
                partial(held.started, "operation"),
                partial(ssm.put, session.ssm, f"/{fresh}/after", "x", "", create=True),
                partial(ssm.delete, session.ssm, f"/{fresh}/before"),
                partial(ledger.record, session.ssm, f"/{fresh}", release()),
                partial(ecr.create_repository, session.ecr, fresh),
                partial(iam.put_trust, session.iam, fresh, {}, create=True),
                partial(
                    session.client("apprunner", CALLS, {}).tag_resource,
                    ResourceArn="arn:aws:apprunner:us-west-2:1:service/x/y",
                    Tags=[],
                ),
            ):
                with pytest.raises(LockLost, match="lost the lock") as lost:
                    write()
                assert lost.value.why.startswith("two (process ")
            assert set(read(session, f"/{fresh}")) == {f"/{fresh}/before", f"/{fresh}/lock"}
        assert body(session, f"/{fresh}")["holder"] == "two"  # and it is not released either
        ssm.put(session.ssm, f"/{fresh}/after", "x", "", create=True)  # this client works without a lock again

    def test_one_that_was_taken_over_is_not_removed_by_its_old_holder(self, session: Session, fresh: str) -> None:
        with hold(session, f"/{fresh}", who="one", verb="reconcile"):
            another(session).ssm.put_parameter(Name=f"/{fresh}/lock", Value="{}", Type="String", Overwrite=True)
        assert len(session.ssm.get_parameters(Names=[f"/{fresh}/lock"])["Parameters"]) == 1

    def test_a_broken_one_stops_its_holder(self, session: Session, fresh: str) -> None:
        with hold(session, f"/{fresh}", who="one", verb="reconcile") as held:
            seen = lock.read(session.ssm, f"/{fresh}")
            assert seen is not None
            assert lock.break_it(session.ssm, f"/{fresh}", seen)
            assert not lock.break_it(session.ssm, f"/{fresh}", seen)
            with pytest.raises(LockLost, match="lost the lock") as lost:
                held.prove()
            assert "just unlock" in lost.value.why
            with hold(another(session), f"/{fresh}", who="two", verb="reconcile"):
                with pytest.raises(LockLost):
                    held.beat()
                with pytest.raises(LockLost):
                    held.prove()
            with pytest.raises(LockLost):
                held.intend(release="abc", content="c", image="i", tag="t")

    def test_a_heartbeat_whose_answer_was_lost_loses_no_lock(self, session: Session, fresh: str) -> None:
        with hold(session, f"/{fresh}", who="one", verb="reconcile") as held:
            text = json.dumps(body(session, f"/{fresh}"))
            another(session).ssm.put_parameter(Name=f"/{fresh}/lock", Value=text, Type="String", Overwrite=True)
            held.prove()
            held.beat()
            held.prove()

    def test_another_run_between_two_writes_of_ours_is_found(self, session: Session, fresh: str) -> None:
        """It took the lock over, and a heartbeat that was on its way has written over it: both have to stop."""
        with hold(session, f"/{fresh}", who="one", verb="reconcile") as held:
            ours = json.dumps(body(session, f"/{fresh}"))
            theirs = json.dumps(body(session, f"/{fresh}") | {"id": "another", "holder": "two"})
            for text in (theirs, ours):
                another(session).ssm.put_parameter(Name=f"/{fresh}/lock", Value=text, Type="String", Overwrite=True)
            with pytest.raises(LockLost) as lost:
                held.prove()
            assert lost.value.why.startswith("two (process ")
            session.lock_ssm.delete_parameter(Name=f"/{fresh}/lock")

    def test_a_lease_that_was_not_renewed_in_time_is_renewed_before_a_write(self, session: Session, fresh: str) -> None:
        slept = (datetime.now(UTC) - timedelta(minutes=11)).isoformat(timespec="seconds")
        left = lock_record.mine("one", "reconcile")
        left = replace(left, beat=slept, expires=slept)
        version = session.ssm.put_parameter(Name=f"/{fresh}/lock", Value=left.text(), Type="String")["Version"]
        held = lock.HeldLock(session.lock_ssm, f"/{fresh}/lock", left, version, None)
        held.prove()
        assert str(body(session, f"/{fresh}")["expires"]) > datetime.now(UTC).isoformat()

    def test_what_is_no_lock_is_said(self, session: Session, fresh: str) -> None:
        session.ssm.put_parameter(Name=f"/{fresh}/lock", Value="nonsense", Type="String")
        found = lock.read(session.ssm, f"/{fresh}")
        assert found is not None
        assert found.holder == "unknown"
        with pytest.raises(Refused, match="not a lock"), hold(session, f"/{fresh}", who="me", verb="test"):
            pass
        assert lock.break_it(session.ssm, f"/{fresh}", found)
        assert lock.read(session.ssm, f"/{fresh}") is None


class TestDamagedLedger:
    def test_an_old_entry_is_left_out_and_the_newest_one_named(self, session: Session, fresh: str) -> None:
        name, text = f"/{fresh}/release", release().to_text()
        for value in (text, "garbage"):
            session.ssm.put_parameter(Name=name, Value=value, Type="String", Overwrite=True)
        with pytest.raises(Blocked, match="version 2 of the ledger") as blocked:
            ledger.read(session.ssm, f"/{fresh}", RECORDED)
        assert "that of version 1" in blocked.value.fix
        session.ssm.put_parameter(Name=name, Value=text, Type="String", Overwrite=True)
        assert [entry.number for entry in ledger.read(session.ssm, f"/{fresh}", RECORDED)] == [1, 3]


def test_log_lines_come_in_order_and_since_a_moment(session: Session, fresh: str) -> None:
    now = int(datetime.now(UTC).timestamp() * 1000)
    assert logs.since(session.logs, fresh, now) == []
    session.logs.create_log_group(logGroupName=fresh)
    for stream, times in {"a": (now, now + 2), "b": (now - 5000, now + 1)}.items():
        session.logs.create_log_stream(logGroupName=fresh, logStreamName=stream)
        events = [{"timestamp": time, "message": f"{stream}{time - now}"} for time in times]
        session.logs.put_log_events(logGroupName=fresh, logStreamName=stream, logEvents=events)  # type: ignore[arg-type]
    assert [line.text for line in logs.since(session.logs, fresh, now)] == ["a0", "b1", "a2"]
    assert [line.text for line in logs.since(session.logs, fresh, now, prefix="b")] == ["b1"]
    assert [line.text for line in logs.since(session.logs, fresh, now, limit=1)] == ["a2"]


def test_threads_that_meet_their_first_error_together_all_recognise_it(session: Session) -> None:
    """botocore makes its classes of errors at the first one, without a lock: each thread may have its own."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(5):
            client = Session(session.account, session.region, session.endpoint, session.keys).ssm
            start = threading.Barrier(4)

            def read(ssm_client: SSMClient = client, together: threading.Barrier = start) -> SecretValue | None:
                together.wait()
                return ssm.reveal_version(ssm_client, "/nobody/knows/it", 1)

            with ThreadPoolExecutor(4) as pool:
                assert [found.result() for found in [pool.submit(read) for _ in range(4)]] == [None] * 4
    finally:
        sys.setswitchinterval(before)
