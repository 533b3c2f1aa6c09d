"""An inbox in one Amazon DynamoDB table, for any number of instances."""

from ansari_whatsapp.inbox.dynamodb.inbox import DynamoInbox

__all__ = ["DynamoInbox"]
