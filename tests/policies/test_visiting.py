"""What a proven contact opens: never more than it proves."""

from dataclasses import replace
from itertools import product

import pytest

from governance.policies.permissions import Permission
from governance.policies.visiting import ALWAYS, GRAVE, SURE, Proof, StepUp, powers, step_up

PROOFS = [
    Proof(holders, verified=v, singled_out=s, second_contact=c, other_contact=c or o, stepped_up=u)
    for holders, v, s, c, o, u in product((0, 1, 2), *[(False, True)] * 5)
]


@pytest.mark.parametrize("proof", PROOFS)
def test_what_is_not_sure_opens_opting_out_and_nothing_else(proof):
    assert (powers(proof) == ALWAYS) == (not proof.is_sure)
    assert (step_up(proof) is StepUp.LATER) == (not proof.is_sure)


@pytest.mark.parametrize("proof", PROOFS)
def test_a_further_proof_never_takes_away(proof):
    more = replace(proof, verified=True, singled_out=True, stepped_up=True)
    assert powers(proof) <= powers(more) or not more.is_sure


@pytest.mark.parametrize("proof", PROOFS)
def test_downloads_and_erasure_need_the_second_contact_and_a_second_fact_where_there_is_none(proof):
    proven = proof.stepped_up if proof.second_contact else proof.singled_out and not proof.other_contact
    assert (powers(proof) >= GRAVE) == (proof.is_sure and proven)


@pytest.mark.parametrize("proof", PROOFS)
def test_another_contact_that_counts_for_nothing_never_opens_more(proof):
    assert powers(replace(proof, second_contact=False, other_contact=True)) <= powers(proof)


def test_a_shared_contact_and_one_that_was_never_verified_open_opting_out_only():
    assert powers(Proof(2, verified=True)) == powers(Proof(1)) == powers(Proof(0)) == {Permission.PORTAL_OPT_OUT}
    assert powers(Proof(1, verified=True, second_contact=True)) == SURE


def test_who_comes_by_the_contact_of_somebody_dead_is_somebody_else():
    proven = Proof(1, verified=True, singled_out=True, second_contact=True, stepped_up=True)
    assert powers(proven) == SURE | GRAVE
    assert powers(replace(proven, deceased=True)) == ALWAYS
