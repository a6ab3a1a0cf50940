"""In which order does the battery run, and how long does each file take at the size of a release?

The short ones come first: a run that is interrupted has then told most. Minutes on two cores that have nothing else to do:
measured at smaller sizes and multiplied, not measured whole (docs/howto/battery.md says so, and shows these numbers).
"""

MINUTES = {
    "test_migrate_under_load": 3,
    "test_release_before": 6,
    "test_restore": 3,
    "test_crash_points": 2,
    "test_tampering": 2,
    "test_uploads_disk": 2,
    "test_disk_full": 3,
    "test_power_loss": 5,
    "test_race": 5,
    "test_race_of_doors": 5,
    "test_double_submit": 3,
    "test_clock": 6,
    "test_poison": 6,
    "test_import_beside_request": 2,
    "test_failover": 9,
    "test_network": 9,
    "test_load": 10,
    "test_naughty_strings": 10,
    "test_schemathesis": 10,
    "test_invariants": 10,
    "test_cis_outage": 12,
    "test_kill": 18,
    "test_cis_faults": 90,
    "test_simulation": 150,
}


def minutes(stem: str) -> float:
    """Of a file of tests, by its name without its end; what is not named takes seconds."""
    return MINUTES.get(stem, 0)
