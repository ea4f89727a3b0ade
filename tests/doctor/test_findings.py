import json

from spotkick.doctor.findings import DoctorReport, Finding, Severity


def test_lines_worst_findings_come_first_and_the_rest_are_counted() -> None:
    remarks = [
        Finding(Severity.INFO, "remark", f"m{number}", "small", "nothing") for number in range(5)
    ]
    error = Finding(Severity.ERROR, "broken", "m", "bad", "fix it", 7)
    report = DoctorReport("data", "data set", 6, 100, (*remarks, error))
    assert report.lines() == [
        "data: data set, 6 matches, 100 actions",
        "error: broken (7 in 1 places)",
        "    m: bad",
        "    fix: fix it",
        "info: remark (5)",
        "    m0: small",
        "    m1: small",
        "    m2: small",
        "    ... and 2 more",
        "    fix: nothing",
        "1 errors, 0 warnings, 5 remarks",
    ]
    assert json.loads(json.dumps(report.to_json()))["findings"][5]["count"] == 7
    assert DoctorReport("x", "labels", 1, 1, ()).lines()[-1] == "nothing wrong was found"
