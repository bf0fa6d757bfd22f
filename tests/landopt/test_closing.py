"""Proofs found for small rounds: as low as the best plan, never lower, and read alike by the auditor and the arrays."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path as Folder
from typing import Any

import numpy as np
import pytest

from constraints.audit.certificate.price_tree import Supplied
from constraints.audit.certificate.proof import bounds
from constraints.audit.files.offers_reader import OffersFile
from landopt.screening.offers_file import write_offers
from landopt.solving.programme.arrays import program
from landopt.solving.proof.certificate import Certificate
from landopt.solving.proof.closing import Closer
from landopt.solving.proof.fixing import Recorder
from landopt.solving.proof.prove import Guide, Proof, prove
from landopt.solving.proof.relaxed import Path
from landopt.solving.proof.splitting import Choice
from landopt.solving.relaxation.prices import relax
from tests.brute import brute_force_offers
from tests.counts import seeds
from tests.landopt.solve_rounds import bare_round


def _audited(folder: Folder, seed: int, proof: Proof, parcels: int, demands: int) -> int | None:
    case, offers = bare_round(seed, parcels, demands)
    write_offers(folder / "offers.jsonl.gz", case, offers)
    with OffersFile(folder / "offers.jsonl.gz") as listed:
        entry = {"objective": 0, "scale": proof.scale, "tree": proof.tree}
        return bounds({"tiers": [entry]}, listed.header.rows, parcels, listed.blocks())[0]


@pytest.mark.parametrize("seed", seeds(40, 1_000))
def test_proof_ends_at_the_best_plan_whatever_it_is_told(seed: int, tmp_path: Folder) -> None:
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


def test_what_no_better_plan_takes_is_written_as_branches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trees without derived rows: offers left out below a node are named where a leaf rests on them, so all close."""
    written: list[Choice] = []
    groups = Recorder._groups

    def counted(*given: Any) -> Iterator[Choice]:
        for choice in groups(*given):
            written.append(choice)
            yield choice

    monkeypatch.setattr(Recorder, "_groups", counted)
    monkeypatch.setattr(Closer, "_cut", lambda _closer, scaled, priced, _end, times=1: (scaled, priced))
    for seed in (8, 10, 17, 36):
        case, offers = bare_round(seed, 7 + seed % 3, 4 + seed % 2)
        best = brute_force_offers(offers)
        assert best is not None
        prog = program(case, offers, 0)
        relaxed, _ = relax(prog)
        before = len(written)
        assert prove(prog, Guide(relaxed.parcels, relaxed.rows), best[0], best[0], 400, None).bound == best[0]
        assert len(written) > before


def test_prices_show_a_path_to_be_empty_whatever_lacks() -> None:
    """Where every parcel must be supplied and cannot be, the bound falls with what making up for it costs."""
    seen = 0
    for seed in range(20):
        prog = program(*bare_round(seed, 8, 4), 0)
        relaxed, _ = relax(prog)
        core = Closer(prog, relaxed.parcels, relaxed.rows, 0).core
        path: Path | None = core.root()
        for parcel, hit in core.on_parcel.items():
            assert path is not None
            path = core.below(path, Supplied(parcel), hit, taken=True)
        assert path is not None
        if core.solve(path).value is None:
            seen += 1
            proved = []
            for power in (4, 8, 12):
                solved = core.stretched(path, float(np.abs(prog.score).max()) * 2.0**power)
                assert solved.value is not None
                proved.append(core.proved(core.rounded(solved.parcels, solved.rows, path), path))
            assert proved[2] < proved[1] < proved[0]
            assert proved[2] < 0
            assert core.solve(path).value is None
    assert seen > 2
