"""The verbs of `deployer secret`. None of them deploys."""
