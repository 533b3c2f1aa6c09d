"""The `github` section of a manifest: which repository and branch deploy the environment, with which credentials."""

from typing import Annotated
from typing import Literal as OneOf

from pydantic import Field

from deployer.manifest import limits
from deployer.manifest.shapes import Branch, Part, Shape


class OidcRole(Part):
    """A role that a job of this environment assumes with GitHub's token: no key is stored anywhere."""

    kind: OneOf["oidc"] = Field(description="The job shows GitHub's token and is given a role for an hour.")
    role: Annotated[
        str,
        Shape(
            limits.DEPLOYING_ROLE_NAME,
            "the name of an IAM role, at most 58 characters because others have -plan and -image after it, not its ARN",
            "ansari-whatsapp-staging-github-actions",
        ),
    ] = Field(
        description="The role that deploys, by name. The role that only plans has the same name with `-plan`, "
        "and the role that only pushes an image, where there is one, with `-image`.",
        examples=["ansari-whatsapp-staging-github-actions"],
    )
    managed: bool = Field(
        default=False, description="true: the deployer creates and updates them. false: they exist and are left alone."
    )

    @property
    def planning(self) -> str:
        """The name of the role assumed by jobs that run the code of a pull request."""
        return f"{self.role}-plan"

    @property
    def imaging(self) -> str:
        """The name of the role of a job that only builds and pushes an image."""
        return f"{self.role}-image"


class AccessKeys(Part):
    """A user whose keys GitHub keeps as secrets. They work for anyone who has them, until someone replaces them."""

    kind: OneOf["keys"] = Field(description="The job uses the access keys of a user.")
    user: Annotated[
        str, Shape(limits.ROLE_NAME, "the name of an IAM user, not its ARN", "ansari-github-actions-user")
    ] = Field(description="The IAM user whose keys they are.", examples=["ansari-github-actions-user"])
    managed: bool = Field(
        default=False,
        description="true: the deployer creates it, without keys, and updates its policy. false: it is left alone.",
    )


class GitHubIds(Part):
    """The numbers of the repository. GitHub's tokens name them where it was made after July 2026."""

    owner: int = Field(ge=1, description="The number of the owner.", examples=[1234])
    repository: int = Field(ge=1, description="The number of the repository.", examples=[567890])


class GitHub(Part):
    """The repository whose workflows deploy this environment, in GitHub's environment of the same name."""

    repository: Annotated[
        str,
        Shape(
            r"[A-Za-z0-9](?:-?[A-Za-z0-9]){0,38}/(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}",
            "OWNER/NAME",
            "ansari-project/ansari-whatsapp",
        ),
    ] = Field(description="The repository, as OWNER/NAME.", examples=["ansari-project/ansari-whatsapp"])
    branch: Branch = Field(description="A push to this branch deploys this environment.", examples=["develop"])
    credentials: Annotated[OidcRole | AccessKeys, Field(discriminator="kind")] = Field(
        description="The credentials that the jobs use."
    )
    ids: GitHubIds | None = Field(
        default=None,
        description="Allows also the tokens that name the repository by its numbers: `gh api repos/OWNER/NAME`.",
    )
