"""`python -m bench [deployer] [service] [inbox]`: run the benchmarks of docs/contributing/speed.md."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from bench.measure import Result, as_json, table

MOST_ROUNDS = 50


def main() -> int:
    """The exit code is 0 even where a target is missed: a busy machine is no mistake of the code."""
    options = argparse.ArgumentParser(prog="bench", description=__doc__)
    options.add_argument("part", nargs="*", choices=[[], *PARTS], help="what to measure: all, unless one is named")
    options.add_argument("--json", action="store_true", help="for programs")
    options.add_argument("--rounds", type=int, default=9, metavar="N", help=f"at most {MOST_ROUNDS}")
    chosen = options.parse_args()
    rounds = max(2, min(chosen.rounds, MOST_ROUNDS))
    sections: dict[str, Sequence[Result]] = {}
    for part in chosen.part or PARTS:
        sections |= PARTS[part](rounds)
    shown = as_json(sections) if chosen.json else "\n\n".join(table(*section) for section in sections.items())
    sys.stdout.write(shown + "\n")
    return 0


def _deployer(rounds: int) -> dict[str, Sequence[Result]]:
    """In a local world of its own."""
    from bench import calls, parameters, plans, startup
    from bench.world import local_world

    with local_world() as world:
        return {
            "Calls to AWS by verb": calls.measure(world),
            "Whole commands, to one read by the AWS CLI": startup.measure(world, rounds),
            "Parameters, to the AWS CLI": parameters.measure(world, rounds),
            "Plans by the number of variables": plans.measure(world, rounds),
        }


def _service(rounds: int) -> dict[str, Sequence[Result]]:
    """Servers on one core, the load on another."""
    from bench.service import clients, formatting, streams, webhooks

    return {
        "Webhooks, acknowledged and committed": webhooks.measure(rounds),
        "Calls to DynamoDB by client": clients.measure(rounds),
        "Answers at the same time": streams.measure(),
        "Formatting": formatting.measure(rounds),
    }


def _inbox(_: int) -> dict[str, Sequence[Result]]:
    """Instances with a table in ministack, which reports the capacity that a call consumes."""
    from bench.service import takeover, units

    return {
        "Calls and capacity units of a message": units.measure(),
        "Takeover by another instance": takeover.measure(),
    }


PARTS = {"deployer": _deployer, "service": _service, "inbox": _inbox}


if __name__ == "__main__":
    sys.exit(main())
