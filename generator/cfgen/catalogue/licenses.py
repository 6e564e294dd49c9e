"""Licences of models: which are permissive, which bind who serves the model, and where their text is.

Ids are those of the Hugging Face hub ("Licenses" in its documentation), which follow SPDX where SPDX has one.
*Permissive* means that serving the model needs nothing but attribution; every other one must be accepted in the
spec. What a licence allows is for its reader to judge: this table only says which must be read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_SPDX = "https://spdx.org/licenses/{}.html"
_CC = "https://creativecommons.org/licenses/{}/"


@dataclass(frozen=True, slots=True)
class License:
    """A licence: ``id`` in lower case; ``why`` says what binds, empty when permissive; ``link`` to its text."""

    id: str
    title: str
    permissive: bool
    link: str
    why: str = ""


def _permissive() -> dict[str, License]:
    spdx = {
        "apache-2.0": "Apache-2.0", "mit": "MIT", "bsd-2-clause": "BSD-2-Clause", "bsd-3-clause": "BSD-3-Clause",
        "bsd-3-clause-clear": "BSD-3-Clause-Clear", "bsl-1.0": "BSL-1.0", "isc": "ISC", "afl-3.0": "AFL-3.0",
        "artistic-2.0": "Artistic-2.0", "ecl-2.0": "ECL-2.0", "ms-pl": "MS-PL", "ncsa": "NCSA",
        "postgresql": "PostgreSQL", "unlicense": "Unlicense", "zlib": "Zlib", "wtfpl": "WTFPL",
        "cc0-1.0": "CC0-1.0", "pddl": "PDDL-1.0", "odc-by": "ODC-By-1.0", "cdla-permissive-1.0": "CDLA-Permissive-1.0",
        "cdla-permissive-2.0": "CDLA-Permissive-2.0", "mit-0": "MIT-0", "0bsd": "0BSD", "etalab-2.0": "etalab-2.0",
    }  # fmt: skip
    found = {key: License(key, name, True, _SPDX.format(name)) for key, name in spdx.items()}
    found["bsd"] = License("bsd", "BSD", True, _SPDX.format("BSD-3-Clause"))
    found["openmdw-1.0"] = License("openmdw-1.0", "OpenMDW 1.0", True, "https://openmdw.ai/license/")
    for version in ("2.0", "2.5", "3.0", "4.0"):
        key = f"cc-by-{version}"
        found[key] = License(key, f"CC BY {version}", True, _CC.format(f"by/{version}"))
    return found


def _binding() -> dict[str, License]:
    rows: list[tuple[str, str, str, str]] = []
    llama = "its community licence: acceptable use, attribution, a limit on monthly users"
    for key, title, link in (
        ("llama2", "Llama 2", "https://ai.meta.com/llama/license/"),
        ("llama3", "Llama 3", "https://www.llama.com/llama3/license/"),
        ("llama3.1", "Llama 3.1", "https://www.llama.com/llama3_1/license/"),
        ("llama3.2", "Llama 3.2", "https://www.llama.com/llama3_2/license/"),
        ("llama3.3", "Llama 3.3", "https://www.llama.com/llama3_3/license/"),
        ("llama4", "Llama 4", "https://www.llama.com/llama4/license/"),
    ):
        rows.append((key, f"{title} Community License", link, llama))
    rows += [
        ("gemma", "Gemma Terms of Use", "https://ai.google.dev/gemma/terms", "terms and a prohibited-use policy"),
        ("apple-amlr", "Apple ML Research License", "", "research only"),
        ("apple-ascl", "Apple Sample Code License", "", "terms of its own"),
        ("intel-research", "Intel Research Use License", "", "research only"),
        ("h-research", "H Research License", "", "research only"),
        ("fair-noncommercial-research-license", "FAIR Noncommercial Research", "", "no commercial use; research only"),
        ("deepfloyd-if-license", "DeepFloyd IF License", "", "research only"),
        ("grok2-community", "Grok 2 Community License", "", "terms of its own"),
        ("c-uda", "Computational Use of Data Agreement", "", "computational use only"),
        ("other", "a licence of its own", "", "terms that only the model's page tells"),
        ("custom", "a licence of its own", "", "terms that only the model's page tells"),
    ]  # fmt: skip
    for key, title in (
        ("openrail", "OpenRAIL"), ("openrail++", "OpenRAIL++"), ("creativeml-openrail-m", "CreativeML OpenRAIL-M"),
        ("bigscience-openrail-m", "BigScience OpenRAIL-M"), ("bigscience-bloom-rail-1.0", "BigScience RAIL 1.0"),
        ("bigcode-openrail-m", "BigCode OpenRAIL-M"),
    ):  # fmt: skip
        rows.append((key, title, "https://www.licenses.ai/", "restrictions of use that must be passed on"))
    for kind, why in (
        ("by-nc", "no commercial use"), ("by-nc-sa", "no commercial use; share alike"),
        ("by-nc-nd", "no commercial use; no derivatives"), ("by-nd", "no derivatives"), ("by-sa", "share alike"),
    ):  # fmt: skip
        for version in ("2.0", "3.0", "4.0"):
            title = f"CC {kind.upper()} {version}"
            rows.append((f"cc-{kind}-{version}", title, _CC.format(f"{kind}/{version}"), why))
    for key, name in (
        ("gpl-2.0", "GPL-2.0-only"), ("gpl-3.0", "GPL-3.0-only"), ("agpl-3.0", "AGPL-3.0-only"),
        ("lgpl-2.1", "LGPL-2.1-only"), ("lgpl-3.0", "LGPL-3.0-only"), ("mpl-2.0", "MPL-2.0"), ("epl-2.0", "EPL-2.0"),
        ("epl-1.0", "EPL-1.0"), ("eupl-1.1", "EUPL-1.1"), ("eupl-1.2", "EUPL-1.2"), ("osl-3.0", "OSL-3.0"),
        ("odbl", "ODbL-1.0"), ("cdla-sharing-1.0", "CDLA-Sharing-1.0"),
    ):  # fmt: skip
        rows.append((key, name, _SPDX.format(name), "copyleft: what is derived is shared under it"))
    for key in ("gpl", "lgpl", "cc", "gfdl"):
        rows.append((key, key.upper(), "", "the id names no version: read the model's page"))
    return {key: License(key, title, False, link, why) for key, title, link, why in rows}


KNOWN: Mapping[str, License] = _permissive() | _binding()
_BETWEEN = re.compile(r"\s+(?:and|or|with)\s+|\s*[,/&+;]\s+|\s*[,/&;]\s*", re.IGNORECASE)


def find(text: str) -> tuple[tuple[License, ...], tuple[str, ...]]:
    """The licences that ``text`` names (``apache-2.0 and mit``), and what of it is not known. Case does not matter."""
    parts = [part.strip(" ()").lower() for part in _BETWEEN.split(text) if part.strip(" ()")]
    names = [_ALIASES.get(part, part) for part in parts]
    known = tuple(KNOWN[name] for name in names if name in KNOWN)
    return known, tuple(name for name in names if name not in KNOWN)


_ALIASES = {
    "apache": "apache-2.0", "apache2": "apache-2.0", "apache 2.0": "apache-2.0", "apache license 2.0": "apache-2.0",
    "llama-2": "llama2", "llama-3": "llama3", "llama-3.1": "llama3.1", "llama-3.2": "llama3.2",
    "llama-3.3": "llama3.3", "llama-4": "llama4", "llama3_1": "llama3.1", "proprietary": "custom",
}  # fmt: skip
