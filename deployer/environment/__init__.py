"""Open an environment, and check what its manifests, its hold and its protection allow before anything is changed.

Verbs use it; it uses `run/`. Only here and in `verbs/` the local world and the real AWS meet.
"""
