"""Prepare an account for an environment: read it, compare, and take one step after the other."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from deployer.account.compare import ObservedAccount, plan_steps
from deployer.account.requirements import Requirements
from deployer.account.steps import (
    AttachPolicy,
    CreatePrincipal,
    CreateProvider,
    PutPolicy,
    PutTrust,
    Step,
    Steps,
)
from deployer.aws import ecr, iam, principals
from deployer.aws.session import Session
from deployer.errors import Interrupted, Refused, StateUnknown
from deployer.partial import halted
from deployer.resources.ecr_repository.change import ChangeRepository, CreateRepository, PutLifecycle


@dataclass(frozen=True)
class Bootstrap:
    """The bootstrap of one environment. `report_progress` is called with each step."""

    session: Session
    requirements: Requirements
    report_progress: Callable[[str, str], None]

    def decide(self) -> Steps:
        """Compare the account with what the environment needs, and return the steps."""
        session, requirements = self.session, self.requirements
        clients = session.ecr, session.iam  # created here, because creating clients is not thread-safe
        with ThreadPoolExecutor(len(clients) + len(requirements.principals)) as pool:
            repository = pool.submit(ecr.read_repository, clients[0], requirements.desired.image.repository)
            audiences = (
                pool.submit(principals.read_audiences, clients[1], session.account) if requirements.provider else None
            )
            found_principals = {
                p.use: pool.submit(principals.read, clients[1], p, session.account) for p in requirements.principals
            }
            return plan_steps(
                requirements,
                ObservedAccount(
                    repository=repository.result(),
                    audiences=audiences.result() if audiences else None,
                    principals={use: one.result() for use, one in found_principals.items()},
                ),
            )

    def carry_out(self, agreed: Steps) -> None:
        """Take the steps that were agreed to.

        Raises Refused when the steps have changed meanwhile, StateUnknown when it stops partway.
        """
        if self.decide().fingerprint != agreed.fingerprint:
            raise Refused(
                "the steps have changed since they were listed; nothing was changed",
                fix="read the new list, then run again",
            )
        done, every = 0, len(agreed.steps)
        try:
            for step in agreed.steps:
                self.report_progress(step.group.lower(), f"{step.symbol} {step.address}")
                self._take(step)
                done += 1
        except KeyboardInterrupt:
            raise Interrupted(f"interrupted after {done} of {every} steps", fix=self._again) from None
        except Exception as error:
            failure = halted(error, done=done)
            if failure is None:
                raise
            what = f"{failure.what}, after {done} of {every} steps"
            raise StateUnknown(what, why=failure.why, fix=f"{failure.fix}\n       then: {self._again}") from error

    def _take(self, step: Step) -> None:
        session, account = self.session, self.session.account
        match step:
            case CreateRepository():
                ecr.create_repository(session.ecr, step.name)
            case ChangeRepository():
                ecr.change_repository(session.ecr, step.name)
            case PutLifecycle():
                ecr.put_lifecycle(session.ecr, step.repository, step.policy)
            case CreateProvider():
                principals.create_provider(session.iam)
            case CreatePrincipal():
                principals.create(session.iam, step.principal)
            case PutTrust(principal=role):
                iam.put_trust(session.iam, role.name, role.trust, create=False)
            case PutPolicy(principal=role) if role.kind == "role":
                iam.put_policy(session.iam, role.name, role.policy_name, role.policy)
            case PutPolicy(principal=user):
                principals.put_managed_policy(session.iam, user.policy_name, account, user.policy)
            case AttachPolicy(principal=user):
                principals.attach(session.iam, user.name, user.policy_name, account)

    @property
    def _again(self) -> str:
        return f"just bootstrap {self.requirements.desired.environment} continues from there"
