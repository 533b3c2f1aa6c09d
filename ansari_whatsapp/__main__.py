"""Start the service: `ansari-whatsapp` or `python -m ansari_whatsapp`."""

from __future__ import annotations

import os
import sys

from ansari_whatsapp.settings import Settings, SettingsError


def main() -> None:
    """Read the environment, refuse to start with a bad one, and serve until SIGTERM."""
    try:
        settings = Settings.from_environment(os.environ)
    except SettingsError as error:
        sys.exit(str(error))
    from ansari_whatsapp.app import create_app
    from ansari_whatsapp.telemetry import configure

    configure(settings.logging_level)
    try:
        # One process: the manager that Sanic starts otherwise can miss a SIGTERM that comes early.
        create_app(settings).run(
            host=settings.host, port=settings.port, single_process=True, motd=False, access_log=False, debug=False
        )
    except OSError as error:
        sys.exit(f"the service cannot listen on {settings.host}:{settings.port}: {error.strerror}")


if __name__ == "__main__":
    main()
