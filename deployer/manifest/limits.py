"""What AWS allows: the sizes, ranges and shapes that a manifest is held to.

Sources: the SSM API reference
(https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html), the ECR API reference
(https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html) and the DynamoDB API reference
(https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateTable.html). A target has its own limits in
its own folder.
"""

from __future__ import annotations

from typing import Final

REPOSITORY_NAME: Final = r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*"
ROLE_NAME: Final = r"[A-Za-z0-9_+=,.@-]{1,64}"
DEPLOYING_ROLE_NAME: Final = r"[A-Za-z0-9_+=,.@-]{1,58}"  # other roles have the same name with -plan and -image

TABLE_NAME: Final = r"[A-Za-z0-9_.-]{3,255}"

KMS_KEY: Final = r"arn:aws(?:-[a-z]+)*:kms:[a-z0-9-]+:[0-9]{12}:key/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"

PARAMETER_LEVELS: Final = 15
PARAMETER_ARN_CHARACTERS: Final = 1011
PARAMETER_VALUE_BYTES: Final = 4096  # the standard tier; the advanced one costs money for each parameter
PARAMETER_DESCRIPTION_CHARACTERS: Final = 1024
