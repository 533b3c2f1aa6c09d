"""The types of what verbs print with --json, a file per verb; `deployer schema KIND` is generated from them."""
