"""An architecture as plain data: what each site became."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

FORMAT = 1


@dataclass(frozen=True)
class SiteChoice:
    """What one site became.

    Args:
        candidate: the name of its operation.
        reads: from how many sites back it reads; 0 is its own input.
    """

    candidate: str
    reads: int = 0


@dataclass(frozen=True)
class Architecture:
    """The choice of every site, by the site's name, inputs first.

    Example:
    >>> architecture = Architecture({"conv": SiteChoice("identity")})
    >>> print(architecture)
    site  candidate  reads
    conv  identity   0
    >>> Architecture.from_json(architecture.to_json()) == architecture
    True
    """

    sites: Mapping[str, SiteChoice]

    def to_json(self) -> str:
        """Write as JSON, the same text for the same architecture."""
        sites = {
            name: {"candidate": choice.candidate, "reads": choice.reads}
            for name, choice in self.sites.items()
        }
        return json.dumps({"format": FORMAT, "sites": sites}, indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "Architecture":
        """Read what `to_json` wrote.

        Raises:
            ValueError: if the text is no architecture of this format.
        """
        try:
            data: Any = json.loads(text)
            if data["format"] != FORMAT:
                raise ValueError(f"format {data['format']}")
            sites = {
                name: SiteChoice(str(site["candidate"]), int(site["reads"]))
                for name, site in data["sites"].items()
            }
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ValueError(
                "Invalid architecture. Expected JSON with 'format': "
                f"{FORMAT} and 'sites', as `Architecture.to_json` writes it. "
                f"Received: {text[:80]!r} ({type(error).__name__}: {error})."
            ) from error
        return cls(sites)

    def changed(self) -> dict[str, SiteChoice]:
        """Give the sites that did not keep the source's operation and input."""
        return {
            name: choice
            for name, choice in self.sites.items()
            if choice != SiteChoice("source")
        }

    def __str__(self) -> str:
        rows = [("site", "candidate", "reads")] + [
            (name, choice.candidate, str(choice.reads))
            for name, choice in self.sites.items()
        ]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        return "\n".join(
            "  ".join(
                cell.ljust(width)
                for cell, width in zip(row, widths, strict=True)
            ).rstrip()
            for row in rows
        )
