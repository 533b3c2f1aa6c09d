"""What an operator sees of the running service: readiness, metrics, dead letters, and trouble with the disk."""

from __future__ import annotations

import json
import os
import re
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ansari_whatsapp.metrics import Metrics
from ansari_whatsapp.notices import Notice
from ansari_whatsapp.settings_table import table
from ansari_whatsapp.signature import HEADER, Signer
from tests.ansari_whatsapp.world import APP_SECRET, ROOT, WITHIN, World, envelope, running, text, until, value

METRICS_TOKEN = "metrics-token-0123456789"
NAMESPACES = (
    sys.platform == "linux"
    and subprocess.run(["unshare", "-rm", "true"], check=False, capture_output=True).returncode == 0
)
PREVIOUS = "previous-secret-0123456789"


def command(inbox: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ansari_whatsapp", *arguments],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "INBOX_URL": inbox},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.fixture(scope="module")
def operated() -> object:
    with running(METRICS_TOKEN=METRICS_TOKEN, META_APP_SECRET_PREVIOUS=PREVIOUS, TRIES="2") as world:
        yield world


class TestMetrics:
    def test_they_are_for_whoever_has_the_token(self, operated: World) -> None:
        assert operated.ask("what is counted?", "15557770001")
        page = f"{operated.service}/metrics"
        assert operated.http.get(page).status_code == 403
        assert operated.http.get(page, headers={"Authorization": "Bearer wrong"}).status_code == 403
        answer = operated.http.get(page, headers={"Authorization": f"Bearer {METRICS_TOKEN}"})
        assert answer.status_code == 200
        counted = dict(re.findall(r"^(ansari_\S+?)(?:\{\S+\})? (\S+)$", answer.text, re.MULTILINE))
        assert float(counted["ansari_parts_sent_total"]) >= 1
        assert 'ansari_webhooks_total{status="200"}' in answer.text
        assert 'ansari_messages_total{kind="text"}' in answer.text
        assert "15557770001" not in answer.text

    def test_what_needs_no_answer_and_trouble_with_the_account_are_counted(self, operated: World) -> None:
        new_kind = {"from": "15557770009", "id": "wamid.new", "type": "hologram", "hologram": {}}
        assert operated.deliver(value(new_kind, errors=[{"code": 131031}])).status_code == 200
        headers = {"Authorization": f"Bearer {METRICS_TOKEN}"}
        page = operated.http.get(f"{operated.service}/metrics", headers=headers).text
        assert 'ansari_messages_total{kind="other"} 1.0' in page
        assert 'ansari_account_errors_total{code="131031"} 1.0' in page

    def test_without_a_token_there_is_no_such_page(self, world: World) -> None:
        assert world.http.get(f"{world.service}/metrics").status_code == 303

    def test_a_line_for_cloudwatch_holds_what_changed(self) -> None:
        metrics = Metrics()
        assert metrics.embedded() == {}
        metrics.answers["done"].inc(3)
        metrics.waiting.set(7)
        line = metrics.embedded()
        assert line["answers_done"] == 3
        assert line["waiting"] == 7
        directive = line["_aws"]["CloudWatchMetrics"][0]
        assert {metric["Name"] for metric in directive["Metrics"]} == set(line) - {"_aws"}
        metrics.answers["done"].inc()
        assert metrics.embedded()["answers_done"] == 1

    def test_the_last_ones_are_written_at_the_end(self) -> None:
        with running() as world:
            assert world.ask("hello", "15557770002")
        lines = [json.loads(line) for line in world.output if '"_aws"' in line]
        assert sum(line.get("answers_done", 0) for line in lines) == 1


class TestSecrets:
    def test_the_secret_before_is_taken_too(self, operated: World) -> None:
        body = envelope(value(text("hi", "wamid.previous", "15557770003")))
        for secret, status in ((APP_SECRET, 200), (PREVIOUS, 200), ("another-secret-0123456", 403)):
            answer = operated.http.post(
                f"{operated.service}/whatsapp/v2", content=body, headers={HEADER: Signer(secret).sign(body)}
            )
            assert answer.status_code == status, secret


class TestDeadLetters:
    def test_what_was_given_up_is_listed_and_answered_after_all(self, operated: World) -> None:
        user, inbox = "15557770004", operated.environ["INBOX_URL"]
        operated.fault("backend", empty_answer={"user": user})
        said = operated.say("a question nobody answers", user)
        assert operated.answer(user, said["wamid"]) == [Notice.NO_ANSWER.value]
        until(lambda: "there is no dead letter" not in command(inbox, "dead").stdout)
        listed = command(inbox, "dead").stdout
        letter = listed.split()[-1]
        assert user not in listed
        assert "nobody answers" not in listed
        operated.http.delete(f"{operated.backend}/_local/faults")
        assert command(inbox, "replay", letter).stdout == "1 to be answered again\n"
        operated.wait_for_sent(user, 2)
        assert command(inbox, "dead").stdout == "there is no dead letter\n"
        assert command(inbox, "inbox").stdout.startswith("0 waiting, of 0 users\n")
        again = command(inbox, "replay", letter)
        assert (again.returncode, again.stderr) == (1, f"there is no dead letter {letter}\n")

    def test_an_inbox_that_is_not_there_is_said(self, tmp_path: Path) -> None:
        done = command(f"sqlite:///{tmp_path}/none.sqlite3", "dead")
        assert done.returncode == 1
        assert "there is no such file" in done.stderr
        assert "Traceback" not in done.stderr


class TestReadiness:
    def test_a_token_that_meta_refuses_is_no_readiness(self) -> None:
        with running(PAUSE_SECONDS="0.5") as world:
            ready = world.http.get(f"{world.service}/ready").json()
            numbers = {"waiting": 0, "given_up": 0, "oldest_seconds": None}
            assert ready == {"ready": True, "reasons": [], **numbers, "cpu": "unknown"}
            world.fault("meta", token_revoked={})
            world.say("hello", "15557770005")
            until(lambda: world.http.get(f"{world.service}/ready").status_code == 503)
            assert world.http.get(world.service).status_code == 200
            world.http.delete(f"{world.meta}/_local/faults")
            world.wait_for_sent("15557770005", 1)
            until(lambda: world.http.get(f"{world.service}/ready").status_code == 200)

    def test_a_token_that_was_revoked_is_seen_before_anybody_writes(self) -> None:
        with running() as world:
            assert world.http.get(f"{world.service}/ready").status_code == 200
            world.fault("meta", token_revoked={})
            until(lambda: world.http.get(f"{world.service}/ready").json()["reasons"] == ["meta_token"])

    def test_a_failed_status_of_another_system_does_not_matter(self) -> None:
        with running() as world:
            failed = {"id": "wamid.other", "status": "failed", "errors": [{"code": 131042}]}
            for more in ({}, {"biz_opaque_callback_data": "another system"}):
                assert world.deliver(value(statuses=[failed | more])).status_code == 200
            assert world.http.get(f"{world.service}/ready").status_code == 200
            assert world.ask("hello", "15557770010")

    def test_what_waits_and_what_was_given_up_is_counted(self) -> None:
        with running(INBOX_CAPACITY="1", META_GRAPH_URL="http://127.0.0.1:9", DRAIN_SECONDS="0.1") as world:
            assert world.deliver(value(text("hello", "wamid.waits"))).status_code == 200
            until(lambda: world.http.get(f"{world.service}/ready").json()["reasons"] != [])
            ready = world.http.get(f"{world.service}/ready").json()
            assert ready["reasons"] == ["inbox_full", "meta_unreachable"]
            assert (ready["waiting"], ready["given_up"]) == (1, 0)
            assert 0 <= ready["oldest_seconds"] < WITHIN

    def test_a_backend_that_is_gone_or_refuses_the_key_is_said(self) -> None:
        with running(BACKEND_SERVER_URL="http://127.0.0.1:9") as world:
            ready = world.http.get(f"{world.service}/ready")
            assert (ready.status_code, ready.json()["reasons"]) == (503, ["backend_unreachable"])
        with running(WHATSAPP_SERVICE_API_KEY="another-key-0123456789abcdef") as world:
            world.ask("hello")
            ready = world.http.get(f"{world.service}/ready").json()
            assert ready["reasons"] == ["backend_key"]
            assert ready["given_up"] == 1

    def test_a_damaged_inbox_is_said_and_nothing_is_acknowledged(self, tmp_path: Path) -> None:
        path = tmp_path / "inbox.sqlite3"
        path.write_bytes(b"no database " * 500)
        with running(INBOX_URL=f"sqlite:///{path}") as world:
            ready = world.http.get(f"{world.service}/ready")
            assert (ready.status_code, ready.json()["reasons"]) == (503, ["inbox"])
            assert world.http.get(world.service).status_code == 200
            assert world.deliver(value(text("hi", "wamid.damaged"))).status_code == 503
        assert any("not a database" in line and "CRITICAL" in line for line in world.output)
        assert path.read_bytes() == b"no database " * 500

    def test_a_disk_that_cannot_be_written_is_got_over(self, tmp_path: Path) -> None:
        folder = tmp_path / "inbox"
        folder.touch()  # where the folder should be
        with running(INBOX_URL=f"sqlite:///{folder}/inbox.sqlite3") as world:
            assert world.deliver(value(text("hi", "wamid.disk", "15557770006"))).status_code == 503
            folder.unlink()
            until(lambda: world.deliver(value(text("hi", "wamid.disk", "15557770006"))).status_code == 200)
            assert len(world.wait_for_sent("15557770006", 1)) == 1
            assert world.http.get(f"{world.service}/ready").status_code == 200

    @pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="only Linux limits another process")
    def test_a_disk_that_is_full_is_got_over(self) -> None:
        user = "15557770007"
        with running() as world:
            said = world.say("before", user)
            assert world.answer(user, said["wamid"])
            limits = resource.prlimit(world.process.pid, resource.RLIMIT_FSIZE)
            resource.prlimit(world.process.pid, resource.RLIMIT_FSIZE, (1, limits[1]))  # no file may grow
            self._refuses_and_recovers(
                world, user, lambda: resource.prlimit(world.process.pid, resource.RLIMIT_FSIZE, limits)
            )

    @pytest.mark.skipif(not NAMESPACES, reason="no mount namespaces for this user")
    def test_a_disk_that_is_read_only_is_got_over(self, tmp_path: Path) -> None:
        disk = str(tmp_path)
        read_only = ("unshare", "-rm", "sh", "-c", 'mount -t tmpfs -o ro tmpfs "$0" && exec "$@"', disk)
        with running(within=read_only, INBOX_URL=f"sqlite:///{disk}/inbox.sqlite3") as world:
            inside = ["nsenter", "-t", str(world.process.pid), "-U", "-m", "--preserve-credentials"]
            mend = [*inside, "mount", "-o", "remount,rw", disk]
            self._refuses_and_recovers(world, "15557770008", lambda: subprocess.run(mend, check=True))

    def _refuses_and_recovers(self, world: World, user: str, mend: Callable[[], object]) -> None:
        """A message is refused, and the reason is seen; it is answered once the disk is well again."""
        message = value(text("a question meanwhile", f"wamid.{user}", user))
        assert world.deliver(message).status_code == 503
        ready = world.http.get(f"{world.service}/ready")
        assert (ready.status_code, ready.json()["reasons"]) == (503, ["inbox"])
        assert world.http.get(world.service).status_code == 200
        mend()
        until(lambda: world.deliver(message).status_code == 200)
        until(lambda: any("a question meanwhile" in answer for answer in world.sent(user)))
        assert world.http.get(f"{world.service}/ready").status_code == 200


def test_the_page_of_the_settings_is_up_to_date() -> None:
    assert (ROOT / "docs" / "reference" / "settings.md").read_text() == table()
    assert command("unused", "settings").stdout == table()
