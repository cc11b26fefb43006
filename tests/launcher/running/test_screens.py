from launcher.running.screens import suspicious


def test_suspicious_columns_are_named_with_the_option_that_leaves_them_out():
    found = [
        {"column": "Unnamed: 0", "kind": "row_number"},
        {"column": "lon", "kind": "coordinate"},
        {"column": "Zone", "kind": "zone"},
        {"column": "b1", "kind": "nodata", "value": -9999.0, "rows": 4},
        {"column": "b2", "kind": "nodata", "value": -9999.0, "rows": 3},
    ]
    assert suspicious(found) == [
        "Watch: Zone is a feature; did you mean zone_col: Zone?",
        "Watch: Unnamed: 0 (row number), lon (coordinate) may be no feature or give the label away; "
        'leave out with exclude_cols: ["Unnamed: 0", lon]',
        "Watch: b1 (-9999), b2 (-9999) may have values that stand for none; make them missing with nodata: [-9999]",
    ]
    assert suspicious([]) == []
