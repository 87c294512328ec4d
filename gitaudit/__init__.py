"""A signed, append-only audit log of infrastructure as code, kept in the Git repository it audits."""

from __future__ import annotations

__all__ = ["__version__"]

__version__ = "0.1.0"
