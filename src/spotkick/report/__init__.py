"""Pages and tables for people: the report of one system, and the comparison of several. numpy only."""

from spotkick.report.comparison import (
    SystemComparison,
    compare_results,
    comparison_page,
    comparison_table,
)
from spotkick.report.evaluation import evaluation_page

__all__ = [
    "SystemComparison",
    "compare_results",
    "comparison_page",
    "comparison_table",
    "evaluation_page",
]
