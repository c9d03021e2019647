"""Proofs of durability: power loss, SIGKILL, full disks and a damaged journal, on the real store."""
