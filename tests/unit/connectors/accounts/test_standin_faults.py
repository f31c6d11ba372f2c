from collections import Counter

from connectors.accounts.standin.faults import Fault, ScriptedFaults, SeededFaults


def test_a_script_is_played_once() -> None:
    faults = ScriptedFaults([Fault.CUT, None, Fault.BUSY])
    assert [faults.strike("k") for _ in range(5)] == [Fault.CUT, None, Fault.BUSY, None, None]


def test_a_seed_gives_the_same_faults_in_whatever_order_the_keys_come() -> None:
    keys = [f"k{number}" for number in range(50)]
    one, other = SeededFaults(7), SeededFaults(7)
    assert {key: one.strike(key) for key in keys} == {key: other.strike(key) for key in reversed(keys)}


def test_every_fault_comes_and_none_comes_for_ever() -> None:
    faults = SeededFaults(1)
    keys = [f"k{number}" for number in range(500)]
    met = Counter(faults.strike(key) for _ in range(2) for key in keys)
    assert set(met) == {None, *Fault}
    assert met[None] > 600
    assert {faults.strike(key) for key in keys} == {None}
