"""A checkout with workflows of its own, and what runs their jobs in it."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests import loopback
from tests.ci.files import read, runner, scripts, shell
from tests.docs.world import SECRETS, World
from tests.e2e import aws


class Repository:
    """A checkout whose workflows are those of its own manifests, and the runner of a job in it.

    `tools` is what leads the jobs to a tool that builds images. Without one the local world makes them of the source.
    """

    def __init__(self, world: World, temp: Path, tools: Mapping[str, str] | None = None) -> None:
        self.world, self.root, self.temp = world, world.checkout.root, temp
        self._tools = tools
        self.shown = ""  # what the steps of the last job have printed
        assert self.deployer("ci", "render").returncode == 0
        self.commit("the environments of this world")
        world.checkout.start_world()

    def deployer(self, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return self.world.checkout.deployer(*words, stdin=stdin)

    def commit(self, message: str) -> None:
        self.world.checkout.git("add", "--all")
        self.world.checkout.git("commit", "--quiet", "--message", message)

    def give_secrets(self, *names: str) -> None:
        for name in names:
            for secret, value in SECRETS.items():
                done = self.deployer("secret", "set", name, secret, stdin=value.format(name))
                assert done.returncode == 0, done.stderr

    def set_reviewers(self, environment: str) -> None:
        """As a person does it in the settings of the GitHub environment."""
        endpoint = self.world.checkout.endpoint
        bearer = self.world.checkout.keys.bearer
        token = loopback.get(f"{endpoint}/_local/secrets/github-token", headers=bearer).json()["value"]
        done = loopback.put(
            f"{endpoint}/_local/github/repos/ansari-project/ansari-whatsapp/environments/{environment}",
            headers={"Authorization": f"Bearer {token}"},
            json={"reviewers": [{"type": "User", "id": 7}]},
        )
        assert done.status_code == 200, done.text

    def job(self, file: str, name: str, **given: str) -> str:
        """Every step of shell; returns the summary. `given` is what the steps' `env` holds."""
        failed, summary = self._run(file, name, given)
        assert failed == "", failed
        return summary

    def failing_job(self, file: str, name: str, **given: str) -> str:
        """The same of a job in which a step fails: after it only those that always run are run, as on GitHub."""
        failed, summary = self._run(file, name, given)
        assert failed != ""
        return summary

    def _run(self, file: str, name: str, given: Mapping[str, str]) -> tuple[str, str]:
        """What the failing step has said, and the summary."""
        job: dict[str, Any] = read(self.root / ".github" / "workflows" / file)["jobs"][name]
        env = runner(self.temp) | dict(self._tools or {}) | dict(given)
        env |= {"PYTHONPATH": str(self.root), "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
        Path(env["GITHUB_STEP_SUMMARY"]).write_text("")
        (self.temp / "plan.md").unlink(missing_ok=True)
        failed = self.shown = ""
        for step in scripts(job):
            if failed and step.get("if") != "always()":
                continue
            script = step["run"] if self._tools else step["run"].replace(" --build", "")
            done = shell(script, self.root, env)
            self.shown += done.stdout + done.stderr
            failed = failed or (step["name"] + done.stdout + done.stderr if done.returncode else "")
        return failed, Path(env["GITHUB_STEP_SUMMARY"]).read_text()

    def output(self, name: str) -> str:
        """What the steps have left for other jobs."""
        lines = (self.temp / "output").read_text().splitlines()
        return next((line.removeprefix(f"{name}=") for line in lines if line.startswith(f"{name}=")), "")

    def service(self, environment: str) -> dict[str, Any]:
        """As App Runner lists it."""
        client = aws.apprunner(self.world.checkout)
        listed = client.list_services()["ServiceSummaryList"]
        (arn,) = [one["ServiceArn"] for one in listed if one["ServiceName"] == f"ansari-{environment}-whatsapp"]
        return dict(client.describe_service(ServiceArn=arn)["Service"])

    def released(self, environment: str) -> str:
        """The release that the service answers with."""
        url = self.service(environment)["ServiceUrl"]
        return str(loopback.get(f"http://{url}").headers["X-App-Release"])
