"""Invented rounds for the independent model: small folders that hold the rarer words of law and policy."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from random import Random

METHODS = ("allocation", "agreement", "bid", "auction", "listing", "lease", "lease_then_grant")
USES = ("IND", "IND", "IND", "COM", "RES")
PACKS = (["cn"], ["cn", "cn-guangdong", "cn-guangzhou", "cn-guangzhou-nansha"])
LEAVES = (
    "use == 'IND'", "use in ['IND', 'RES']", "district == 'A'", "land_source == 'new'", "zone == 'nansha'",
    "'hengqin' in zone", "area_m2 >= 6000", "site_area_m2 >= 9000", "site_parcels >= 2", "failed_times >= 1",
    "grade <= 5", "in_udb", "net_land", "converted", "operator == 'private'", "operator in ['univ', 'existing_user']",
    "strategic_industry", "priority >= 50", "platform_kind != 'technology'", "method == 'lease'",
    "method in ['bid', 'auction']", "competitive", "right == 'grant'", "term_years >= 30", "intending_users >= 1",
    "other_applicants >= 1", "period == '2026-H2'", "appraised_price < benchmark_price", "area_m2 < area_max_m2",
    "invest_per_m2 > cost_floor", "hkmo",
)  # fmt: skip
OF_PARCEL = ("district", "use", "land_source", "zone", "net_land", "grade", "failed_times")
ANY_KEY = (*OF_PARCEL, "operator", "platform_kind", "method", "right", "period", "site_parcels", "term_years",
           "competitive", "priority", "intending_users", "other_applicants", "strategic_industry")  # fmt: skip
MEASURES = (
    "area_m2",
    "area_m2",
    "area_m2",
    "new_area_m2",
    "count",
    "count",
    "expected_price_yuan",
    "priority",
    "site_area_m2",
)
PRICES = (
    "cost_floor + 12.5", "max(cost_floor, 0.7 * benchmark_price)", "336 * year_factor", "cost_floor",
    "min(benchmark_price, cost_floor * 1.1)", "max(300, benchmark_price * year_factor - 5)", "0.5 * (cost_floor + 336)",
    "max(cost_floor, 200) * year_factor",
)  # fmt: skip


class Drawn:
    """A round drawn by a seed, written into a folder."""

    def __init__(self, seed: int, programme: bool = False) -> None:
        self.draw = Random(f"independent {seed}")
        self.seed = seed
        self.rules: list[str] = []
        self.count = self.draw.randint(3, 7)
        self.ids = [f"P{at:02d}" for at in range(1, self.count + 1)]
        self.who = [f"D{at}" for at in range(1, self.draw.randint(1, 4) + 1)]
        self.packs = self.draw.choice(PACKS) if self.draw.random() < 0.25 else []
        self.periods = self.draw.random() < 0.3
        self.annual = self.draw.random() < 0.15
        self.programme = programme
        if programme:
            self.packs, self.annual = [], self.draw.random() < 0.7

    def one(self, *values: object, blank: float = 0.0) -> str:
        """A cell: one of some values, or blank."""
        if blank and self.draw.random() < blank:
            return ""
        value = self.draw.choice(values)
        return str(value).lower() if isinstance(value, bool) else str(value)

    def write(self, folder: Path) -> Path:
        """The round in a folder."""
        folder.mkdir(parents=True)
        (folder / "parcels.csv").write_text(self._parcels(), "utf-8")
        (folder / "demands.csv").write_text(self._demands(), "utf-8")
        (folder / "points.geojson").write_text(self._points(), "utf-8")
        self._policy()
        (folder / "policy.toml").write_text("\n".join(self.rules), "utf-8")
        names = [rule.split('id = "')[1].split('"')[0] for rule in self.rules]
        records = self._records(names)
        if records:
            (folder / "records.csv").write_text(records, "utf-8")
        (folder / "round.toml").write_text(self._round(bool(records)), "utf-8")
        return folder

    # -- tables -----------------------------------------------------------------------------------------------------

    def _parcels(self) -> str:
        draw, one = self.draw, self.one
        names = (
            "parcel_id,use,district,land_source,new_area_m2,use_mix,zone,area_m2,grade,appraised_price,cost_floor,"
            "benchmark_price,net_land,converted,expropriated,ownership,in_annual_plan,in_pbf,in_erl,in_udb,"
            "in_ind_block,existing_right,status,failed_times,available_from,intending_users,publication_closed,wkt"
        )
        lines, east, north, width, self.areas = [names], 0, 0, 80, []
        ready = draw.choice([1.0, 0.8])
        for at, name in enumerate(self.ids):
            if at == self.count // 2 and at:
                east, north = 80, 0
            depth = draw.randint(40, 140)
            x, y = 38_455_000 + east, 2_510_000 + north
            north += depth
            ring = [(x, y), (x + width, y), (x + width, y + depth), (x, y + depth), (x, y)]
            wkt = "POLYGON((" + ",".join(f"{a} {b}" for a, b in ring) + "))"
            self.areas.append(width * depth)
            use = one(*USES)
            mix = one("IND:70;COM:30", "COM:60;RES:40", "IND:50;RES:50") if draw.random() < 0.2 else ""
            state = [str(draw.random() < ready).lower() if self.annual else "true" for _ in range(3)]
            cells = (
                name, use, one("A", "B"), one("new", "stock"), one(500, 800, blank=0.7), f'"{mix}"',
                one("nansha", "nansha;hengqin", "knowledge_city", blank=0.2), width * depth, one(3, 6, 12, blank=0.2),
                one(1, "455.55", 801, 900, blank=0.3), one(200, 500, 700, blank=0.25), one(336, "600.01", blank=0.3),
                *state, "state", "true", 0, 0, one(True, blank=0.2),
                one(True, False, blank=0.2), "none",
                one(*["candidate"] * 9, "failed", "reserve", "contracted", "announced"), one(0, 1, 2, blank=0.4),
                one("2026-02-01", "2026-08-01", "2030-01-01") if draw.random() < 0.15 else "", one(0, 1, 2, blank=0.3),
                one("2026-03-01", "2026-03-31", blank=0.2), f'"{wkt}"',
            )  # fmt: skip
            lines.append(",".join(map(str, cells)))
        return "\n".join(lines) + "\n"

    def _demands(self) -> str:
        draw, one = self.draw, self.one
        names = (
            "demand_id,name,platform_kind,operator,partners,holds,applied_for,uses,area_min_m2,area_max_m2,max_parcels,"
            "districts,zones,want_right,want_term,lease_years,priority,budget_yuan,strategic_industry,invest_per_m2,hkmo,"
            "needed_by,near,public_welfare,nonprofit"
        )
        lines = [names]
        for name in self.who:
            several = draw.choice([1, 1, 2, 3])
            size = sum(draw.sample(self.areas, min(several, len(self.areas)))) + draw.choice([-1, 0, 1])
            cells = (
                name, name, one("technology", "national", "incubator"),
                one("private", "univ", "soe", "pubinst", "npo_rd"),
                one("soe", "foreign") if draw.random() < 0.2 else "", one(*self.ids) if draw.random() < 0.15 else "",
                one(*self.ids) if draw.random() < 0.2 else "", one("IND", "IND;RES;COM", "IND;COM"),
                one(1, size // 2, size), size + draw.choice([0, 1, 4000]), several, one("A", "A;B", blank=0.8),
                one("nansha", blank=0.85),
                one("grant", "grant;lease", "lease;lease_then_grant", "alloc;grant", blank=0.5),
                one(19, 20, 30, 50, blank=0.5), one(4, 5, 6, blank=0.6), one(1, 30, 50, 88),
                one(size * 300, size * 700) if draw.random() < 0.15 else "", one(True, False, blank=0.4),
                one(300, 900, blank=0.5), one(True, False, blank=0.5),
                one("2026-07-01", "2027-01-15") if draw.random() < 0.2 else "",
                one("M1:250", "M1:120", "M2:300") if draw.random() < 0.15 else "", one(True, False, blank=0.5),
                one(True, False, blank=0.5),
            )  # fmt: skip
            lines.append(",".join(map(str, cells)))
        return "\n".join(lines) + "\n"

    def _points(self) -> str:
        at = [(38_455_000 + self.draw.randint(0, 150), 2_510_000 + self.draw.randint(0, 200)) for _ in range(2)]
        features = [
            {"type": "Feature", "properties": {"point_id": f"M{n}"}, "geometry": {"type": "Point", "coordinates": xy}}
            for n, xy in enumerate(at, 1)
        ]
        crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4526"}}
        return json.dumps({"type": "FeatureCollection", "crs": crs, "features": features})

    def _records(self, names: Sequence[str]) -> str:
        if self.draw.random() < 0.6 or not names:
            return ""
        lines = ["rule,parcel_id,demand_id,document,date,by"]
        for _ in range(self.draw.randint(1, 3)):
            where = self.one(*self.ids, blank=0.5)
            who = self.one(*self.who, blank=0.6)
            lines.append(
                f"{self.draw.choice(list(names))},{where},{who},Note 7,{self.one('2026-02-01', '2026-03-31')},bureau"
            )
        return "\n".join(dict.fromkeys(lines)) + "\n"

    # -- policy -----------------------------------------------------------------------------------------------------

    def condition(self, depth: int = 2) -> str:
        """A random condition."""
        draw = self.draw
        if depth == 0 or draw.random() < 0.4:
            leaf = draw.choice(LEAVES)
            return f"not ({leaf})" if draw.random() < 0.2 else leaf
        word = draw.choice([" and ", " or "])
        return "(" + word.join(self.condition(depth - 1) for _ in range(2)) + ")"

    def rule(self, name: str, kind: str, rank: int, *lines: str) -> None:
        """Add a rule."""
        head = f'[[rule]]\nid = "{name}"\nkind = "{kind}"\ntitle = {{ en = "t", zh = "t" }}\n'
        head += f'cite = {{ doc = "policy", article = "1", number = "1", rank = {rank}, grade = "V2" }}\n'
        head += self._dates(kind)
        self.rules.append(head + "\n".join(line for line in lines if line) + "\n")

    def _dates(self, kind: str) -> str:
        """From when a rule holds, and until when: law of a programme may change inside it."""
        if not self.programme or kind in ("limit", "preference", "relation", "lock") or self.draw.random() < 0.5:
            return "from = 2020-01-01\n"
        day = self.draw.choice(["2026-04-01", "2026-12-31", "2027-01-01", "2027-06-30", "2028-12-31"])
        return f"from = {day}\n" if self.draw.random() < 0.5 else f"from = 2020-01-01\nuntil = {day}\n"

    def _policy(self) -> None:
        draw = self.draw
        if self.programme:
            most = f"values = [{{ amount = {draw.choice([0, 9_000, 20_000])} }}]"
            self.rule("h.z", "limit", 0, 'measure = "unready_area_m2"', 'sense = "<="', 'per = ["period"]', most)
        high = 1 if self.packs else 3
        for number in range(draw.randint(0, 4)):
            ways = draw.sample(METHODS, draw.randint(1, 3))
            says = [(m, draw.choice(["condition", "condition", "warn", "forbid"])) for m in ways]
            verdict = ", ".join(f'{m} = "{v}"' for m, v in says)
            above = f'exception_to = ["h.e{number - 1}"]' if number and draw.random() < 0.4 else ""
            self.rule(
                f"h.e{number}", "eligibility", draw.randint(0, high) if not self.packs else 1,
                f'when = "{self.condition()}"', f"verdict = {{ {verdict} }}", 'condition = { en = "c", zh = "c" }',
                above,
            )  # fmt: skip
        for number in range(draw.choice([0, 1, 1, 2])):
            years = draw.choice(
                ["max_years = 40", "max_years = 50", "max_years = 20", "min_years = 20", "min_years = 5"]
            )
            some = json.dumps(draw.sample(METHODS[1:], draw.randint(1, 4)))
            self.rule(f"h.t{number}", "term", 1, f'when = "{self.condition(1)}"', f"methods = {some}", years)
        for number in range(draw.choice([0, 1, 2])):
            some = json.dumps(draw.sample(METHODS[1:], draw.randint(1, 5)))
            when = f'when = "{self.condition(1)}"'
            self.rule(f"h.f{number}", "price_floor", 1, when, f"methods = {some}", f'per_m2 = "{draw.choice(PRICES)}"')
        for number in range(draw.randint(0, 2)):
            points = f"points = {draw.randint(-20, 40)}" if draw.random() < 0.7 else ""
            hectare = f"points_per_ha = {draw.randint(-9, 9)}" if draw.random() < 0.6 or not points else ""
            only = f"methods = {json.dumps(draw.sample(METHODS, 3))}" if draw.random() < 0.3 else ""
            self.rule(f"h.n{number}", "preference", 0, f'when = "{self.condition()}"', points, hectare, only)
        for number in range(draw.randint(0, 4)):
            self._limit(f"h.l{number}")
        self._across("h.a0")
        for number in range(draw.choice([0, 0, 1, 2])):
            what, names = ("parcels", self.ids) if len(self.who) < 2 or draw.random() < 0.6 else ("demands", self.who)
            chosen = draw.sample(names, min(len(names), draw.choice([2, 2, 3])))
            kind = draw.choice(["conflict", "together", "requires"])
            self.rule(f"h.r{number}", "relation", 0, f'relation = "{kind}"', f"{what} = {json.dumps(chosen)}")
        if draw.random() < 0.2:
            chosen = draw.sample(self.ids, draw.choice([1, 1, 2]))
            who = f'demand = "{draw.choice(self.who)}"' if draw.random() < 0.5 else ""
            how = f'method = "{draw.choice(METHODS[2:])}"'
            self.rule("h.k0", "lock", 0, f"parcels = {json.dumps(chosen)}", who, how, 'document = "Minutes"')

    def _across(self, name: str) -> None:
        """In a third of the rounds a limit that compares its keys, drawn apart so that the others stay as they are."""
        draw = Random(f"across {self.seed}")
        if draw.random() < 0.65:
            return
        across = draw.choice(["least", "spread"])
        hard = across == "spread" and draw.random() < 0.25
        measure, usual = draw.choice([("count", 1), ("area_m2", sum(self.areas) // 4), ("new_area_m2", 900)])
        amount = draw.choice([0, usual, usual, 2 * usual, 50 * usual]) * (2 if hard else 1)
        per, keys = draw.choice(
            [('["district"]', ""), ('["district", "use"]', ""), ('["operator"]', 'keys = [["private"], ["univ"]]'),
             ('["platform_kind"]', ""), ('["method"]', 'keys = [["listing"], ["lease"], ["auction"]]')]
        )  # fmt: skip
        lines = [f'where = "{self.condition()}"' if draw.random() < 0.5 else "", f'measure = "{measure}"', keys]
        lines += [f"per = {per}", f'across = "{across}"', f'sense = "{">=" if across == "least" else "<="}"']
        if across == "least" and per == '["district"]' and draw.random() < 0.5:
            lines.append(f'values = [{{ amount = {amount} }}, {{ key = ["A"], amount = {2 * amount} }}]')
        else:
            lines.append(f"values = [{{ amount = {amount} }}]")
        if per == '["district"]' and draw.random() < 0.4:
            lines.append(f'used = [{{ key = ["A"], amount = {draw.choice([1, usual // 2])} }}]')
        if not hard:
            lines.append(f"penalty = {draw.choice(['1', chr(34) + '0.001' + chr(34), '3', '200'])}")
            if self.tiers > 1 and draw.random() < 0.4:
                lines.append(f"tier = {draw.randrange(self.tiers)}")
        self.rule(name, "limit", 0, *lines)

    def _limit(self, name: str) -> None:
        draw = self.draw
        measure, sense = draw.choice(MEASURES), draw.choice(["<=", "<=", ">="])
        sizes = {"count": 2, "expected_price_yuan": 9_000_000, "priority": 90}
        usual = sizes.get(measure, sum(self.areas) // 3)
        form = draw.choice(["amount", "amount", "keyed", "share", "all", "credit", "used"])
        soft = draw.random() < (0.4 if sense == "<=" else 0.75)
        lines = [
            f'where = "{self.condition()}"' if draw.random() < 0.8 else "",
            f'measure = "{measure}"',
            f'sense = "{sense}"',
        ]
        per = draw.sample(OF_PARCEL if form == "all" else ANY_KEY, draw.choice([0, 1, 1, 2]))
        if form == "all":
            per = [each for each in per if each in OF_PARCEL]
        if per:
            lines.append(f"per = {json.dumps(per)}")
        if form in ("share", "all"):
            lines.append(f'share = "{draw.choice(["0.1", "0.25", "0.333", "0.5", "0.6", "0.8"])}"')
            lines += [f'of = "{self.condition(1)}"'] if form == "share" else []
        else:
            amount = (
                draw.choice([0, usual, usual // 2, usual * 2]) if sense == "<=" else draw.choice([0, 1, usual // 4])
            )
            keyed = form == "keyed" and per == ["district"]
            values = (
                f'{{ key = ["A"], amount = {amount} }}, {{ amount = {usual} }}' if keyed else f"{{ amount = {amount} }}"
            )
            lines.append(f"values = [{values}]")
        if form in ("credit", "used") and draw.random() < 0.8:
            lines.append(
                f'credit = {{ where = "{self.condition(1)}", num = {draw.randint(1, 3)}, den = {draw.randint(1, 4)} }}'
            )
        if form == "used":
            key = json.dumps(["A" if each == "district" else "IND" if each == "use" else "" for each in per])
            lines.append(f"used = [{{ key = {key}, amount = {draw.choice([1, usual // 5])} }}]")
        if soft:
            penalty = draw.choice(["0", "0", "1", '"0.001"', '"0.25"', "3"])
            lines.append(f"penalty = {penalty}")
            if self.tiers > 1 and draw.random() < 0.4:
                lines.append(f"tier = {draw.randrange(self.tiers)}")
        self.rule(name, "limit", 0, *lines)

    @property
    def tiers(self) -> int:
        """How many tiers the round has."""
        return 1 + self.seed % 3 if self.seed % 2 else 1

    def _periods(self) -> str:
        if self.programme:
            years = 'periods = ["2026", "2027", "2028"]'
            return self.draw.choice([years, years, 'periods = ["2025-H2", "2026-H1", "2026-H2", "2027-H1"]'])
        return 'periods = ["2026-H1", "2026-H2"]' if self.periods and not self.annual else ""

    def _round(self, records: bool) -> str:
        draw, one = self.draw, self.one
        parts = {
            1: '[["served", "preference", "revenue"]]',
            2: '[["served"], ["preference", "revenue"]]',
            3: '[["served"], ["preference"], ["revenue"]]',
        }
        if self.seed % 4 == 3:  # some rounds give part of a tier to the next
            parts[2] = '[{ parts = ["served"], give = "20%" }, ["preference", "revenue"]]'
            parts[3] = '[{ parts = "served", give = "12.5%" }, { parts = ["preference"], give = 0.5 }, ["revenue"]]'
        weights = f'{{ served = "{one(100, 1, "33.333")}", preference = "{one(1, 2, "0.7")}"'
        weights += f', revenue = "{one(0, 1, "2.5", "0.001")}"'
        weights += ', warn = "0"' if draw.random() < 0.3 else ""
        later = f'later = "{one("0", "0.05", "0.333")}"' if self.programme else ""
        text = f"""[round]
id = "i{self.seed}"
title = {{ en = "i", zh = "i" }}
authority = "t"
purpose = "{"annual_plan" if self.annual else "supply"}"
land_reduction_rate = "{one("0.05", "0.05", "0.0001")}"
as_of = 2026-03-31
start = 2026-04-01
end = {"2027-06-30" if self.annual and draw.random() < 0.5 else "2026-12-31"}
{self._periods()}
[inputs]
parcels = "parcels.csv"
crs = "EPSG:4526"
demands = "demands.csv"
use_codes = "landopt"
{'records = "records.csv"' if records else ""}
[inputs.layers]
points = "points.geojson"
[rules]
packs = {json.dumps(self.packs)}
policy = ["policy.toml"]
[objective]
weights = {weights} }}
tiers = {parts[self.tiers]}
{later}
ties = {draw.choice(["[]", '["-area_m2"]', '["demand_id"]', '["-priority", "parcel_id"]'])}
"""
        if draw.random() < 0.4:
            uses, ways = one('["IND", "COM"]', '["COM"]'), one('["listing", "auction"]', '["lease"]')
            text += f"[market]\nuses = {uses}\nmethods = {ways}\n"
        text += '[solve]\ngap = "0"\ntime_limit_s = 60\nseed = 1\n'
        if draw.random() < 0.25:
            text += (
                f"verdicts = {draw.choice(['["permit", "condition", "warn"]', '["permit"]', '["permit", "warn"]'])}\n"
            )
        return text
