"""The results of the checks of `doctor`."""

from __future__ import annotations

from typing import Literal

State = Literal["ok", "note", "problem", "unseen"]  # unseen: it could not be read
