"""`python -m bench`: all benchmarks, in a local world of their own. See docs/speed.md."""

from __future__ import annotations

import argparse
import sys

from bench import calls, parameters, plans, startup
from bench.measure import as_json, table
from bench.world import local_world

MOST_ROUNDS = 50


def main() -> int:
    """The exit code is 0 even where a target is missed: a busy machine is no mistake of the code."""
    options = argparse.ArgumentParser(prog="bench", description=__doc__)
    options.add_argument("--json", action="store_true", help="for programs")
    options.add_argument("--rounds", type=int, default=9, metavar="N", help=f"at most {MOST_ROUNDS}")
    chosen = options.parse_args()
    rounds = max(2, min(chosen.rounds, MOST_ROUNDS))
    with local_world() as world:
        sections = {
            "Calls to AWS by verb": calls.measure(world),
            "Whole commands, to one read by the AWS CLI": startup.measure(world, rounds),
            "Parameters, to the AWS CLI": parameters.measure(world, rounds),
            "Plans by the number of variables": plans.measure(world, rounds),
        }
    shown = as_json(sections) if chosen.json else "\n\n".join(table(*section) for section in sections.items())
    sys.stdout.write(shown + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
