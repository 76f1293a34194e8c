"""Architecture as plain data: the candidate and input of each site."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

FORMAT = 1


@dataclass(frozen=True)
class SiteChoice:
    """Candidate and input chosen at one site.

    Args:
        candidate: name of the chosen operation.
        reads: number of sites to go back for the input. 0 is the site's own
            input.
    """

    candidate: str
    reads: int = 0


@dataclass(frozen=True)
class Architecture:
    """Chosen candidate and input of every site.

    Args:
        sites: choice of each site by the site's name, in the order of the
            graph from its inputs to its outputs.

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
        """Write the architecture as JSON. Equal ones have equal text."""
        sites = {
            name: {"candidate": choice.candidate, "reads": choice.reads}
            for name, choice in self.sites.items()
        }
        return json.dumps({"format": FORMAT, "sites": sites}, indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "Architecture":
        """Read an architecture from the JSON text of `to_json`.

        Raises:
            ValueError: if the text is not an architecture in this format.
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
        """Return the sites with another operation or input than the source."""
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
