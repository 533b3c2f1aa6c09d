"""Building blocks of a manifest's types: a part that accepts no other key, and texts of a shape."""

import re
from typing import Annotated, Any, NamedTuple

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from deployer.manifest import limits


class Part(BaseModel):
    # hide_input_in_errors: an error must never repeat a value that may be a misplaced secret.
    # defer_build: a part is checked by the manifest around it, so a validator of its own would be built for nothing.
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True, defer_build=True)


class Shape(NamedTuple):
    """A text that matches `pattern` as a whole; `words` describe it for the error message."""

    pattern: str
    words: str
    example: str

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        words = f"has to be {self.words}"  # JSON Schema has no keyword for it, but editors know this one
        return {**handler(schema), "pattern": f"^(?:{self.pattern})$", "patternErrorMessage": words}

    def _check(self, text: str) -> str:
        if re.fullmatch(self.pattern, text):
            return text
        raise PydanticCustomError("shape", "has to be {words}", {"words": self.words, "example": self.example})


RoleName = Annotated[str, Shape(limits.ROLE_NAME, "the name of an IAM role, not its ARN", "ansari-staging-instance")]
# git allows more; a quote or a sign of a pattern would mean something else in a workflow
Branch = Annotated[
    str, Shape(r"[A-Za-z0-9_][A-Za-z0-9._/@#-]{0,254}", "a git branch of letters, digits and ._/@#-", "main")
]
