"""One YAML file per environment: its types, how it is read and checked, and its schema. Knows YAML, not AWS."""
