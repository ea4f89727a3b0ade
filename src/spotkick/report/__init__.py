"""Pages and tables: the report of one system, and the comparison of several. numpy only."""

from spotkick.report.comparison import (
    SystemComparison,
    compare_results,
    comparison_page,
    comparison_table,
)
from spotkick.report.evaluation import ReportOptions, evaluation_page
from spotkick.report.names import ReportNames

__all__ = [
    "ReportNames",
    "ReportOptions",
    "SystemComparison",
    "compare_results",
    "comparison_page",
    "comparison_table",
    "evaluation_page",
]
