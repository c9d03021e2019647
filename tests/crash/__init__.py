"""Proofs of durability: power loss, SIGKILL, full disks and a damaged journal, on the real store.

In full (some ten minutes on two cores; Linux with strace; small disks of their own only as root):

    python -m tests.crash.power_loss --states 7000
    python -m tests.crash.power_loss --states 1400 --synchronous NORMAL                  (control: loses)
    python -m tests.crash.power_loss --states 700 --synchronous NORMAL --with-journal    (the journal brings it back)
    python -m tests.crash.power_loss --states 700 --without folder-sync                  (control: loses)
    python -m tests.crash.sigkill --points 350
    python -m tests.crash.disk_full --sizes 30
    python -m tests.crash.journal_faults

Each exits with 0 when it found what it should: nothing, or for a control something. `--keep FOLDER` of power_loss
keeps the states that failed. `test_crash.py` runs all of them in small.
"""
