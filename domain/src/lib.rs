//! The rules of Windlass. Pure: no async, no clock, no randomness, no I/O; values come in as arguments.
