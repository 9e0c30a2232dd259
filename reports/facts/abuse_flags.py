"""Flags of reports sent as a machine sends them or in a crowd. Pure: no Django.

A flag refuses nothing and lowers no priority. Until an officer has taken it up, a flagged report stands below
the others in the queue and no public page counts it.
"""

from collections.abc import Iterable

FLAG_SUBMITTED_TOO_FAST = "too_fast"
FLAG_HONEYPOT = "trap_filled"
ADDRESS_BUSY = "address_busy"
NETWORK_BUSY = "network_busy"
NUMBER_BUSY = "number_busy"
SAME_WORDS = "same_words"
# Told beside a report, and lowering nothing: carriers put thousands of telephones behind one
# network, and in a flood most of those who came meanwhile are real.
SAME_NETWORK = "same_network"
FLOOD = "flood"

LOWERING = (
    FLAG_SUBMITTED_TOO_FAST,
    FLAG_HONEYPOT,
    ADDRESS_BUSY,
    NETWORK_BUSY,
    NUMBER_BUSY,
    SAME_WORDS,
)


def is_deprioritized(flags: Iterable[str]) -> bool:
    """Whether a report with these flags stands below the others until somebody has taken it up."""
    return any(flag in LOWERING for flag in flags)
