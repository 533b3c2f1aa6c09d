"""The verbs of `deployer local`: start and stop the local world, and point any AWS client at it."""
