"""What an AWS account needs before an environment can be deployed: wanted, observed, and the steps between."""
