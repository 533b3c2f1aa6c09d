"""One YAML file per environment: its types, reading, checks and schema. Independent of AWS."""
