"""Proofs found for small rounds: as low as the best plan, never lower, and read alike by the auditor and the arrays."""

from __future__ import annotations

from pathlib import Path

import pytest

from constraints.audit.certificate.proof import bounds
from constraints.audit.files.offers_reader import OffersFile
from landopt.screening.offers_file import write_offers
from landopt.solving.programme.arrays import program
from landopt.solving.proof.certificate import Certificate
from landopt.solving.proof.prove import Guide, Proof, prove
from landopt.solving.relaxation.prices import relax
from tests.brute import brute_force_offers
from tests.counts import seeds
from tests.landopt.solve_rounds import bare_round


def _audited(folder: Path, seed: int, proof: Proof, parcels: int, demands: int) -> int | None:
    case, offers = bare_round(seed, parcels, demands)
    write_offers(folder / "offers.jsonl.gz", case, offers)
    with OffersFile(folder / "offers.jsonl.gz") as listed:
        entry = {"objective": 0, "scale": proof.scale, "tree": proof.tree}
        return bounds({"tiers": [entry]}, listed.header.rows, parcels, listed.blocks())[0]


@pytest.mark.parametrize("seed", seeds(40, 1_000))
def test_proof_ends_at_the_best_plan_whatever_it_is_told(seed: int, tmp_path: Path) -> None:
    """Complete enumeration is the witness. Told that the best plan is worth less, a proof must not believe it."""
    parcels, demands = 7 + seed % 3, 4 + seed % 2
    case, offers = bare_round(seed, parcels, demands)
    best = brute_force_offers(offers)
    if best is None:
        return
    prog = program(case, offers, 0)
    relaxed, _ = relax(prog)
    guide = Guide(relaxed.parcels, relaxed.rows)
    for told in (best[0], best[0] - 1, best[0] - 500):
        proof = prove(prog, guide, told, told, 400, None)
        audited = _audited(tmp_path, seed, proof, parcels, demands)
        assert audited is not None
        assert audited >= best[0]
        assert proof.bound == max(audited, told)
        assert Certificate(prog, proof.tree, proof.scale).value == audited
        if told == best[0]:
            assert audited == best[0]
