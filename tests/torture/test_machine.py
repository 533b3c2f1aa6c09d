"""Anything may happen between two reconciles; after one that succeeds, everything is as the manifest says."""

from __future__ import annotations

from typing import Final

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from tests.e2e import aws, tiny
from tests.ports import free_port
from tests.torture.gate import FAULTS, Kind, Rule
from tests.torture.world import Environment, World, numbers

pytestmark = pytest.mark.timeout(7200)
LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR")
SECRET: Final = "meta-app-secret"
MANAGED: Final = ("logging-level", "meta-api-version", "meta-webhook-verify-token", "meta-business-phone-number-id")
REFUSED: Final = {4, 5, 6}
kills: st.SearchStrategy[Kind] = st.sampled_from(("kill before", "kill after", "hang up"))
faults: st.SearchStrategy[Kind] = st.sampled_from(FAULTS)


class Operators(RuleBasedStateMachine):
    """Operators, crashes, a console and a second actor, all at one environment."""

    world: World

    def __init__(self) -> None:
        super().__init__()
        self.environment = Environment(self.world, f"machine{next(numbers)}", free_port())
        self.level, self.origins, self.most, self.broken = "DEBUG", True, 25, False
        self.theirs: dict[str, str] = {}
        self.held = self.declared = False

    @initialize()
    def begin(self) -> None:
        self.environment.write(self.world.gate)
        tiny.install(self.world.checkout)

    # What an operator edits and sets.

    @rule(level=st.sampled_from(LEVELS))
    def edit_a_literal(self, level: str) -> None:
        line = "logging-level: {kind: literal, value: %s}"
        if level != self.level:
            self.environment.edit(line % self.level, line % level)
            self.level = level

    @rule()
    def remove_or_add_a_variable(self) -> None:
        line = next(t for t in self.environment.manifest().splitlines() if t.lstrip("# ").startswith("origins:"))
        self.environment.edit(line, f"  # {line.strip()}" if self.origins else f"  {line.strip('# ')}")
        self.origins = not self.origins

    @rule(most=st.integers(20, 25))
    def edit_a_setting(self, most: int) -> None:
        if most != self.most:
            self.environment.edit(f"max: {self.most},", f"max: {most},")
            self.most = most

    @rule(value=st.sampled_from(("a-first-secret-of-the-app", "a-second-secret-of-the-app")))
    def set_a_secret(self, value: str) -> None:
        """It is refused while an operator holds the environment, and not while a rollback does."""
        before, by_hand = self.environment.values(), self.environment.hold_kind() == "manual"
        done = self.environment.run("secret", "set", "ENV", SECRET, stdin=value)
        assert (done.code == 4) == by_hand, done.said
        assert done.code in {0, *REFUSED}, done.said
        if by_hand:
            assert self.environment.values() == before

    @rule()
    def break_or_mend_the_service(self) -> None:
        self.broken = not self.broken
        tiny.install(self.world.checkout, tiny.BROKEN if self.broken else tiny.SOURCE)

    # What happens outside.

    @rule(name=st.sampled_from(("logging-level", "meta-api-version")), value=st.sampled_from(("v25.0", "INFO")))
    def write_over_a_parameter(self, name: str, value: str) -> None:
        path = f"{self.environment.root}/{name}"
        aws.ssm(self.world.checkout).put_parameter(Name=path, Value=value, Type="String", Overwrite=True)

    @rule(name=st.sampled_from(MANAGED))
    def delete_a_parameter(self, name: str) -> None:
        aws.ssm(self.world.checkout).delete_parameters(Names=[f"{self.environment.root}/{name}"])

    @rule(value=st.sampled_from(("one", "two")))
    def keep_a_parameter_of_their_own(self, value: str) -> None:
        path = f"{self.environment.root}/of-somebody-else"
        aws.ssm(self.world.checkout).put_parameter(Name=path, Value=value, Type="String", Overwrite=True)
        self.theirs[path] = value

    @precondition(lambda self: self.environment.arn() is not None)
    @rule(what=st.sampled_from(("deploy", "pause", "untag")))
    def touch_the_service(self, what: str) -> None:
        runner, arn = aws.apprunner(self.world.checkout), self.environment.arn()
        assert arn is not None
        if runner.describe_service(ServiceArn=arn)["Service"]["Status"] != "RUNNING":
            return
        if what == "deploy":
            runner.start_deployment(ServiceArn=arn)
        elif what == "pause":
            runner.pause_service(ServiceArn=arn)
        else:
            runner.untag_resource(ResourceArn=arn, TagKeys=["environment"])

    # What goes wrong.

    @rule(number=st.integers(1, 30), kind=kills)
    def crash(self, number: int, kind: Kind) -> None:
        self.environment.run("reconcile", "ENV", rule=Rule(kind, number, of="writes"))
        self.world.count("crashes")

    @rule(number=st.integers(1, 45), kind=faults)
    def meet_a_fault(self, number: int, kind: Kind) -> None:
        self.environment.run("reconcile", "ENV", rule=Rule(kind, number))
        self.world.count("faults")

    @rule(secrets=st.booleans())
    def roll_back(self, *, secrets: bool) -> None:
        done = self.environment.roll_back(*(["--with-secrets"] if secrets else []))
        assert done.code in {0, 3, *REFUSED}, done.said
        if done.code == 0:
            self.held = True
        self.world.count("rollbacks")

    @rule()
    def hold(self) -> None:
        self.environment.must("hold", "ENV", "--reason", "an incident")
        self.held = True

    @precondition(lambda self: self.held)
    @rule()
    def a_held_environment_stays_as_it_is(self) -> None:
        """Whatever was edited, a reconcile deploys nothing and lifts no hold."""
        before = self.environment.deployments(), self.environment.releases()
        done = self.environment.run("reconcile", "ENV", "--retry")
        assert done.code in {0, 3, *REFUSED}, done.said
        assert "is live" not in done.said
        assert "hold" in self.environment.parameters(self.environment.ledger)
        if done.code == 0:
            assert "Nothing to do" in done.said
        assert len(self.environment.deployments()) == len(before[0])
        self.world.count("refused by a hold")

    # What is promised.

    @precondition(lambda self: self.environment.arn() is not None and not self.declared)
    @rule()
    def a_paused_service_stays_paused(self) -> None:
        """Whatever was edited, a reconcile neither deploys to it nor starts it."""
        if self.environment.status() == "RUNNING":
            done = self.environment.run("pause", "ENV")
            assert done.code in {0, *REFUSED}, done.said  # refused by a hold, or by what a crashed run had begun
        if self.environment.status() != "PAUSED":
            return
        before = self.environment.deployments()
        done = self.environment.run("reconcile", "ENV", "--retry")
        if done.code == 0:  # a reconcile has paused it, and nothing else waits
            assert "runs again" in done.said, done.said
            assert self.environment.status() == "RUNNING"
        else:
            assert done.code in {3, *REFUSED}, done.said
            assert self.environment.status() == "PAUSED"
            self.world.count("refused by a pause")
        assert self.environment.deployments() == before

    @rule()
    def pause_and_resume(self) -> None:
        """What ran before runs again, whatever waits, and nothing is deployed."""
        if self.held or self.declared or self.environment.status() != "RUNNING":
            return
        before = self.environment.deployments(), self.environment.releases()
        done = self.environment.run("pause", "ENV")
        if done.code in REFUSED:  # it told the end of what a crashed run had begun
            return
        assert done.code == 0, done.said
        if self.environment.run("resume", "ENV").code == 4:
            done = self.environment.run("resume", "ENV", "--old-release-first")
            assert done.code == 0, done.said
        assert self.environment.status() == "RUNNING"
        assert (self.environment.deployments(), self.environment.releases()) == before
        self.world.count("paused and resumed")

    @precondition(lambda self: not self.declared)
    @rule()
    def declare_a_pause(self) -> None:
        self.environment.declare_pause(paused=True)
        self.declared = True

    @precondition(lambda self: self.declared)
    @rule()
    def a_declared_pause_comes_last_and_stays(self) -> None:
        """A service that runs gets what waits before it is paused; to one that is paused nothing is deployed."""
        was, before = self.environment.status(), self.environment.deployments()
        done = self.environment.run("reconcile", "ENV", "--retry")
        assert done.code in {0, 3, *REFUSED}, done.said
        if was == "PAUSED":
            assert (self.environment.status(), self.environment.deployments()) == ("PAUSED", before), done.said
        if done.code == 0:
            assert self.environment.status() == "PAUSED", done.said
            then = self.environment.run("plan", "ENV", "--detailed-exitcode")
            assert then.code == (2 if "Not deployed: " in done.said else 0), f"{done.said}\nand then:\n{then.said}"
        self.world.count("declared pauses")

    @precondition(lambda self: self.declared)
    @rule()
    def end_a_declared_pause(self) -> None:
        """The release that ran last starts only where no other one waits."""
        self.environment.declare_pause(paused=False)
        self.declared = False
        if self.environment.status() != "PAUSED":
            return
        before = self.environment.deployments()
        done = self.environment.run("reconcile", "ENV", "--retry")
        assert done.code in {0, 3, *REFUSED}, done.said
        assert self.environment.status() == ("RUNNING" if done.code == 0 else "PAUSED"), done.said
        assert self.environment.deployments() == before
        self.world.count("declared pauses ended")

    @rule(prune=st.booleans())
    def reconcile(self, *, prune: bool) -> None:
        if self.declared:
            self.environment.declare_pause(paused=False)
            self.declared = False
        self.environment.resume()
        self.held = False
        done = self.environment.run("reconcile", "ENV", *(["--prune"] if prune else []))
        self.world.count("reconciles")
        if self.broken:
            assert done.code in REFUSED, done.said
            return
        if done.code in REFUSED:  # what an earlier, broken run left under way has come to its end by now
            done = self.environment.run("reconcile", "ENV", "--retry")
        assert done.code == 0, done.said
        then = self.environment.run("plan", "ENV", "--detailed-exitcode")
        assert then.code == 0, f"{done.said}\nand then:\n{then.said}"
        self.environment.check_running()
        held = self.environment.held()
        assert held["LOGGING_LEVEL"] == self.level
        assert ("ORIGINS" in held) == self.origins
        found = self.environment.parameters(self.environment.root)
        for path, value in self.theirs.items():
            assert found[path.rpartition("/")[2]]["Value"] == value
        assert "lock" not in self.environment.parameters(self.environment.ledger)

    def teardown(self) -> None:
        """However it went, a mended service can be reconciled."""
        try:
            if self.broken:
                self.break_or_mend_the_service()
            self.reconcile(prune=True)
            if "declared pauses ended" not in self.world.counts:
                self.pauses()
        finally:
            self.environment.clear()
            tiny.install(self.world.checkout)

    def pauses(self) -> None:
        """Every rule about pauses, on a service that runs: chance may not bring them all."""
        self.pause_and_resume()
        self.a_paused_service_stays_paused()
        self.environment.resume()
        self.declare_a_pause()
        self.a_declared_pause_comes_last_and_stays()
        self.a_declared_pause_comes_last_and_stays()
        self.end_a_declared_pause()
        self.reconcile(prune=True)


def test_after_a_reconcile_everything_is_as_the_manifest_says(world: World, *, full: bool) -> None:
    class InThisWorld(Operators):
        pass

    InThisWorld.world = world
    run_state_machine_as_test(
        InThisWorld,
        settings=settings(
            max_examples=100 if full else 6,
            stateful_step_count=20 if full else 10,
            derandomize=not full,
            database=None,
            phases=[Phase.generate] if not full else [Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        ),
    )
    for what in ("refused by a pause", "paused and resumed", "declared pauses", "declared pauses ended"):
        assert world.counts[what] >= 1, what
