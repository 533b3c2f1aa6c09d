"""The command line: start the service, or report on its inbox and replay messages that it could not answer.

Run it as `ansari-whatsapp` or `python -m ansari_whatsapp`."""

from __future__ import annotations

import argparse
import os
import sys

from ansari_whatsapp.settings import Settings, SettingsError


def main() -> None:
    """Read the command line. Without a verb it serves."""
    parser = argparse.ArgumentParser(prog="ansari-whatsapp", description="Carry WhatsApp messages to ansari-backend.")
    verbs = parser.add_subparsers(metavar="VERB", dest="verb")
    verbs.add_parser("serve", help="start the service (the default)")
    inbox = verbs.add_parser("inbox", help="count the messages that wait, and those that were given up")
    dead = verbs.add_parser("dead", help="list the messages that were given up, without their texts")
    replay = verbs.add_parser("replay", help="queue messages that were given up again")
    dead.add_argument("--limit", type=_positive, metavar="N", help="only the newest N, and how many are older")
    replay.add_argument("ids", nargs="*", metavar="ID", help="as `dead` shows them")
    replay.add_argument("--all", action="store_true", help="all of them")
    for verb in (inbox, dead, replay):
        verb.add_argument("--json", action="store_true", help="as JSON, for programs")
    verbs.add_parser("settings", help="print every setting as a markdown table")
    options = parser.parse_args()
    if options.verb == "settings":
        from ansari_whatsapp.settings_table import table

        print(table(), end="")
    elif options.verb in {"inbox", "dead", "replay"}:
        from ansari_whatsapp.inbox_command import run_inbox_command

        sys.exit(run_inbox_command(options))
    else:
        serve()


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def serve() -> None:
    """Read the settings from the environment, refuse invalid values, and serve until SIGTERM or SIGINT."""
    try:
        settings = Settings.from_environment(os.environ)
    except SettingsError as error:
        sys.exit(str(error))
    from ansari_whatsapp import server
    from ansari_whatsapp.app import create_app
    from ansari_whatsapp.telemetry import configure

    configure(settings.logging_level)
    try:
        server.serve(create_app(settings), settings.host, settings.port)
    except OSError as error:
        sys.exit(f"the service cannot listen on {settings.host}:{settings.port}: {error.strerror}")


if __name__ == "__main__":
    main()
