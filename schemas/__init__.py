"""JSON Schemas (draft 2020-12) of records, policy and configuration; read through `gitaudit.adapters.schemas`."""
