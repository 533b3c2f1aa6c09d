"""Plan the deletion of parameters that the manifest no longer names: only when asked, and only the deployer's own."""

from __future__ import annotations

from deployer.core.cause import Cause, CauseKind
from deployer.core.desired import Desired
from deployer.core.observed import Observed
from deployer.core.release import RecordedRelease
from deployer.names import variable_or_none
from deployer.resources.part import PlanPart
from deployer.resources.ssm_parameters.change import DeleteParameter
from deployer.resources.ssm_parameters.notice import KeptParameter
from deployer.resources.unions import Notice


def plan_removals(desired: Desired, observed: Observed, previous: RecordedRelease | None, *, prune: bool) -> PlanPart:
    """Plan the deletion of parameters that the manifest does not name, and notices about those that are kept."""
    desired_paths = {parameter.path for parameter in desired.parameters}
    removals, notices = list[DeleteParameter](), list[Notice]()
    for path in sorted(observed.parameters.keys() - desired_paths):
        variable = variable_or_none(path, desired.parameter_path)
        in_service = variable in desired.plain
        gone = Cause(kind=CauseKind.HELD_BY_SERVICE if in_service else CauseKind.UNNAMED, release=desired.rollback_to)
        if path.rpartition("/")[0] != desired.parameter_path:
            notices.append(KeptParameter(path, cause=Cause(kind=CauseKind.DEEPER)))
        elif not observed.parameters[path].ours:
            notices.append(KeptParameter(path, cause=Cause(kind=CauseKind.NOT_OURS)))
        elif previous and variable in previous.release.versions:
            needed = Cause(kind=CauseKind.NEEDED_BY_RELEASE, release=previous.number)
            notices.append(KeptParameter(path, cause=needed, in_service=in_service))
        elif not prune:
            notices.append(KeptParameter(path, cause=gone, in_service=in_service))
        else:
            removals.append(DeleteParameter(path, symbol="-", causes=(gone,)))
    return PlanPart(changes=tuple(removals), notices=tuple(notices))
