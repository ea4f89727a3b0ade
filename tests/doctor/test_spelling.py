from spotkick.doctor.spelling import check_match_names


def test_check_match_names_spelled_differently_are_paired() -> None:
    labels = ["epl/2016/2016-01-01 - A 1 - 0 B", "epl/2016/C - D final"]
    predicted = ["EPL/2016/2016-01-01_-_A_1_-_0_B", "C - D final", "epl/2016/other"]
    pairs, findings = check_match_names(predicted, labels)
    assert pairs == dict(zip(predicted, labels, strict=False))
    assert [finding.where for finding in findings] == predicted[:2]
