"""The DynamoDB table of the service's shared inbox."""
