"""What is wrong with a data set, a match folder or predictions, and how to fix it."""

from spotkick.doctor.examine import examine
from spotkick.doctor.findings import DoctorReport, Finding, Severity

__all__ = ["DoctorReport", "Finding", "Severity", "examine"]
