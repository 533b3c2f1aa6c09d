"""Lines of a log as text or JSON."""

from __future__ import annotations

import json

from msgspec import to_builtins

from deployer.view.documents.logs import LogLine
from deployer.view.safe import hanging, without_colours


def render_log_line(line: LogLine) -> str:
    """A line for a person. Further lines of one event are indented to the text of the first."""
    return f"{line.at}  {hanging(without_colours(line.text), len(line.at) + 2)}"


def log_line_json(line: LogLine) -> str:
    """The same as one line of JSON."""
    return json.dumps(to_builtins(line), ensure_ascii=False)
