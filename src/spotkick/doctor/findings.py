"""Findings: what is wrong, how bad it is, and the fix; and the report that gathers them."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final

MOST_EXAMPLES: Final = 3
"""Findings of one kind that are shown one by one; the others are counted, and all are in the JSON
report."""


class Severity(StrEnum):
    """How bad a finding is."""

    ERROR = "error"
    """The data cannot be used as they are, or results would be wrong."""

    WARNING = "warning"
    """Something is lost, or probably wrong."""

    INFO = "info"
    """Worth knowing."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong.

    Attributes:
        severity: how bad it is.
        check: short name of the kind, such as ``missing-half``.
        where: match or file.
        message: what was found, with values.
        fix: what to do.
        count: how many actions or frames it concerns.
    """

    severity: Severity
    check: str
    where: str
    message: str
    fix: str
    count: int = 1


@dataclass(frozen=True, slots=True)
class DoctorReport:
    """Everything that was found.

    Attributes:
        path: what was examined.
        kind: what it was taken for.
        matches: how many matches (or videos) were examined.
        actions: how many labels or predictions they hold.
        findings: in the order in which they were found.
    """

    path: str
    kind: str
    matches: int
    actions: int
    findings: tuple[Finding, ...]

    @property
    def errors(self) -> int:
        """Number of findings that are errors."""
        return sum(finding.severity is Severity.ERROR for finding in self.findings)

    def grouped(self) -> Iterator[tuple[Severity, str, list[Finding]]]:
        """Findings by kind, the worst and then the most frequent first."""
        groups: dict[tuple[Severity, str], list[Finding]] = {}
        for finding in self.findings:
            groups.setdefault((finding.severity, finding.check), []).append(finding)
        order = list(Severity)
        ranked = sorted(
            groups.items(), key=lambda item: (order.index(item[0][0]), -len(item[1]), item[0][1])
        )
        for (severity, check), found in ranked:
            yield severity, check, found

    def lines(self) -> list[str]:
        """The report for people."""
        lines = [f"{self.path}: {self.kind}, {self.matches:,} matches, {self.actions:,} actions"]
        for severity, check, found in self.grouped():
            total = sum(finding.count for finding in found)
            times = f"{total:,} in {len(found):,} places" if total != len(found) else f"{total:,}"
            lines.append(f"{severity}: {check} ({times})")
            lines += [
                f"    {finding.where}: {finding.message}" for finding in found[:MOST_EXAMPLES]
            ]
            if len(found) > MOST_EXAMPLES:
                lines.append(f"    ... and {len(found) - MOST_EXAMPLES:,} more")
            lines += [
                f"    fix: {fix}"
                for fix in dict.fromkeys(finding.fix for finding in found[:MOST_EXAMPLES])
            ]
        return [*lines, self._count_findings()]

    def _count_findings(self) -> str:
        if not self.findings:
            return "nothing wrong was found"
        counts = [
            sum(finding.severity is severity for finding in self.findings) for severity in Severity
        ]
        return "{:,} errors, {:,} warnings, {:,} remarks".format(*counts)

    def to_json(self) -> dict[str, Any]:
        """The report as plain values for a JSON file."""
        return {
            **asdict(self),
            "findings": [asdict(finding) for finding in self.findings],
            "errors": self.errors,
        }
