/* Verifies the bound of a landopt plan from its files alone (docs/proof.md). No library, exact integers (BigInt).
   Node:    node verify.js PLAN_FOLDER          prints one JSON line; exit 0 if it holds, 5 if not
   Browser: await landoptVerify.verify({plan, proof, case, offers})   each a Uint8Array (offers: the .gz bytes) */
"use strict";
(function (root) {
  class Bad extends Error {}
  const need = (ok, why) => { if (!ok) throw new Bad(why); };
  const isInt = (n) => typeof n === "number" && Number.isSafeInteger(n);
  const int = (n, what) => { need(isInt(n), what + " is not an integer below 2^53"); return BigInt(n); };
  const big = (n) => (n < 0n ? -n : n);
  const floorDiv = (a, b) => { const q = a / b; return a % b !== 0n && (a < 0n) !== (b < 0n) ? q - 1n : q; };

  function canonical(value) {
    if (value === null || typeof value === "boolean" || typeof value === "string") return JSON.stringify(value);
    if (typeof value === "number") { need(Number.isSafeInteger(value), "a number is not an integer below 2^53"); return String(value); }
    if (Array.isArray(value)) return "[" + value.map(canonical).join(",") + "]";
    return "{" + Object.keys(value).sort().map((k) => JSON.stringify(k) + ":" + canonical(value[k])).join(",") + "}";
  }
  const bytesOf = (text) => new TextEncoder().encode(text);
  async function sha256(bytes) {
    const hash = new Uint8Array(await globalThis.crypto.subtle.digest("SHA-256", bytes));
    return Array.from(hash, (b) => b.toString(16).padStart(2, "0")).join("");
  }
  async function inflate(bytes, format) {
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream(format));
    try { return new Uint8Array(await new Response(stream).arrayBuffer()); }
    catch (e) { throw new Bad("compressed data cannot be read"); }
  }
  function parse(bytes, name) {
    try { return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)); }
    catch (e) { throw new Bad(name + " is not JSON"); }
  }

  async function unpack(text, what) {
    let packed;
    need(typeof text === "string" && text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text), what + " are not base64");
    try { packed = Uint8Array.from(atob(text), (c) => c.charCodeAt(0)); } catch (e) { throw new Bad(what + " are not base64"); }
    const raw = await inflate(packed, "deflate");
    let a = 1, b = 0;
    for (const byte of raw) { a = (a + byte) % 65521; b = (b + a) % 65521; }
    const end = packed.length - 4, sum = end < 0 ? -1 : new DataView(packed.buffer).getUint32(end);
    need(sum === b * 65536 + a, what + " are cut or go on too long");
    need(raw.length <= (what === "nodes" ? 1 << 24 : 1 << 26), what + " are too long");
    return raw;
  }

  function reader(raw, what) {
    let at = 0;
    return {
      next() {
        let value = 0n;
        for (let i = 0; i < 8; i++) {
          need(at < raw.length, what + " end too early");
          const byte = raw[at++];
          value |= BigInt(byte & 127) << BigInt(7 * i);
          if (byte < 128) return value;
        }
        throw new Bad(what + " hold a number of more than 8 bytes");
      },
      step() { const step = this.next(); need(step <= 52n, "a step is too coarse"); return step; },
      end() { need(at === raw.length, what + " go on after the tree"); },
    };
  }

  function changes(from, steps, prices, least) {
    let count = from.next(), place = -1n, out = prices;
    for (; count > 0n; count--) {
      place += 1n + from.next();
      need(place < BigInt(prices.length), "a row or parcel is priced that does not exist");
      const number = from.next(), at = Number(place);
      const change = (number & 1n ? -(number >> 1n) - 1n : number >> 1n) << steps(at);
      if (out === prices) out = prices.slice();
      out[at] += change;
      need(out[at] >= least && big(out[at]) < 1n << 53n, "a price is out of range");
    }
    return out;
  }

  async function leaves(tree, tier, rows, parcels, scale, reached) {
    need(tree && typeof tree === "object" && !Array.isArray(tree), "the tree is missing");
    need(Object.keys(tree).every((key) => key === "nodes" || key === "parcels"), "a tree is made of nodes and parcels");
    const absent = (text) => text === undefined || text === null, count = rows.length + tier;
    const nodes = absent(tree.nodes) ? null : reader(await unpack(tree.nodes, "nodes"), "nodes");
    const land = absent(tree.parcels) ? null : reader(await unpack(tree.parcels, "parcels"), "parcels");
    const steps = nodes ? Array.from({ length: count }, () => nodes.step()) : [], landStep = land ? land.step() : 0n;
    const zeros = (n) => new Array(n).fill(0n), found = [];
    const stack = [{ y: zeros(count), p: zeros(parcels), zero: [], one: [] }];
    for (let made = 1; stack.length; made++) {
      need(made <= 200000, "the tree has too many nodes");
      const above = stack.pop();
      const y = nodes ? changes(nodes, (r) => steps[r], above.y, -(1n << 53n) + 1n) : above.y;
      const p = land ? changes(land, () => landStep, above.p, 0n) : above.p;
      const part = nodes ? nodes.next() : 0n;
      if (part === 0n) { found.push(leaf(y, p, tier, rows, scale, reached, above.zero, above.one)); continue; }
      const row = (part - 1n) >> 1n, market = ((part - 1n) & 1n) === 1n, parcel = market ? row : nodes.next() - 1n;
      need(parcel < BigInt(parcels), "a branch names a parcel that does not exist");
      const method = nodes.next() - 1n;
      const branch = { place: (market ? "m" : "d") + row, parcel: Number(parcel), method: Number(method) };
      stack.push({ y, p, zero: above.zero, one: [...above.one, branch] }, { y, p, zero: [...above.zero, branch], one: above.one });
    }
    if (nodes) nodes.end();
    if (land) land.end();
    return found;
  }

  function leaf(priced, p, tier, rows, scale, reached, zero, one) {
    const y = priced.slice(0, rows.length), z = priced.slice(rows.length);
    let total = p.reduce((a, b) => a + b, 0n);
    rows.forEach((row, r) => {
      need(row.sense === "=" || (row.sense === "<=" && y[r] >= 0n) || (row.sense === ">=" && y[r] <= 0n), "a price has the wrong sign");
      total += y[r] * row.rhs;
      if (row.slack > 0n) {
        let gain = big(y[r]) - (row.tier === tier ? scale * row.penalty : 0n);
        if (row.tier < tier) gain += z[row.tier] * row.penalty;
        need(gain <= 0n || row.slack === big(row.rhs), "the price of a soft share is above its penalty");
        if (gain > 0n) total += gain * row.slack;
      }
    });
    z.forEach((price, j) => { need(price <= 0n, "an earlier tier has the wrong sign"); total += price * reached[j]; });
    return { p, y, z, zero, one, total, empty: false };
  }

  function readRow(row) {
    need(["<=", ">=", "="].includes(row.sense), "a row has no sense");
    const found = { sense: row.sense, rhs: int(row.rhs, "rhs"), slack: int(row.slack, "slack"), penalty: int(row.penalty, "penalty"), tier: row.tier };
    need(found.slack >= 0n && found.penalty >= 0n && isInt(row.tier) && row.tier >= 0, "a row is not as specified");
    return found;
  }

  const matches = (branch, method, site) =>
    (branch.method < 0 || branch.method === method) && (branch.parcel < 0 || site.includes(branch.parcel));

  function feed(tierState, block) {
    const { tier, scale } = tierState, scores = block.score;
    for (const l of tierState.leaves) {
      const sitePrice = block.sites.map((site) => site.reduce((a, parcel) => a + l.p[parcel], 0n));
      const listPrice = block.lists.map((pairs) => {
        let total = 0n;
        for (let i = 0; i < pairs.length; i += 2) if (l.y[pairs[i]] !== 0n) total += l.y[pairs[i]] * BigInt(pairs[i + 1]);
        return total;
      });
      for (const part of block.parts) {
        const zero = l.zero.filter((b) => b.place === part.place), one = l.one.filter((b) => b.place === part.place);
        const branched = zero.length > 0 || one.length > 0;
        let best = null;
        for (let k = part.begin; k < part.end; k++) {
          if (branched) {
            const site = block.sites[block.site[k]], method = block.ways[block.way[k]][0];
            if (zero.some((b) => matches(b, method, site)) || !one.every((b) => matches(b, method, site))) continue;
          }
          let worth = scale * BigInt(scores[tier][k]) - sitePrice[block.site[k]] - listPrice[block.list[k]];
          for (let j = 0; j < tier; j++) if (l.z[j] !== 0n) worth -= l.z[j] * BigInt(scores[j][k]);
          if (best === null || worth > best) best = worth;
        }
        if (one.length) { if (best === null) l.empty = true; else l.total += best; }
        else if (best !== null && best > 0n) l.total += best;
      }
    }
  }

  function checkBlock(block, parcels, rows, tiers, last) {
    const names = ["demands", "market", "sites", "ways", "lists", "site", "way", "list", "floor", "price", "score"];
    need(block && names.every((name) => Array.isArray(block[name])), "a block is not as specified");
    for (const site of block.sites) need(site.length > 0 && site.every((row) => isInt(row) && row >= 0 && row < parcels), "a site names a parcel that does not exist");
    for (const way of block.ways) need(way.length === 4 && way.every(isInt), "a way is not as specified");
    for (const pairs of block.lists) {
      need(pairs.length % 2 === 0 && pairs.every(isInt), "an offer's coefficients are no pairs");
      for (let i = 0; i < pairs.length; i += 2) need(pairs[i] >= 0 && pairs[i] < rows, "an offer names a row that does not exist");
    }
    block.parts = [];
    let count = 0;
    for (const [kind, list] of [["d", block.demands], ["m", block.market]]) for (const entry of list) {
      const [row, size] = entry, rank = [kind === "m" ? 1 : 0, row];
      need(entry.length === 2 && isInt(row) && row >= 0 && isInt(size) && size >= 0, "a part is not as specified");
      need(last[0] < rank[0] || (last[0] === rank[0] && last[1] < rank[1]), "the parts are not in order");
      block.parts.push({ place: kind + row, begin: count, end: count + size });
      last = rank;
      count += size;
    }
    need(block.score.length === tiers && block.score.every((column) => Array.isArray(column)), "an offer has no score per tier");
    for (const column of [block.site, block.way, block.list, block.floor, block.price, ...block.score]) need(column.length === count, "the columns of a block differ in length");
    for (const column of block.score) need(column.every(isInt), "a score is not an integer below 2^53");
    for (const [column, table] of [[block.site, block.sites], [block.way, block.ways], [block.list, block.lists]])
      need(column.every((n) => isInt(n) && n >= 0 && n < table.length), "an offer names a site, way or list that does not exist");
    for (const part of block.parts) if (part.place[0] === "m") {
      const own = (k) => block.sites[block.site[k]].length === 1 && "m" + block.sites[block.site[k]][0] === part.place;
      need(part.end > part.begin, "a market part is the offers of one parcel");
      for (let k = part.begin; k < part.end; k++) need(own(k), "a market part is the offers of one parcel");
    }
    return last;
  }

  function gapText(bound, objective) {
    const size = big(objective) > 1n ? big(objective) : 1n;
    const parts = -floorDiv((objective - bound) * 1000000n, size), whole = big(parts);
    return (parts < 0n ? "-" : "") + whole / 1000000n + "." + String(whole % 1000000n).padStart(6, "0");
  }

  async function run(files, say) {
    const plan = parse(files.plan, "plan.json"), proof = parse(files.proof, "proof.json"), kase = parse(files.case, "case.json");
    need(plan.schema === "landopt.plan/1" && proof.schema === "landopt.proof/2" && kase.schema === "landopt.case/1", "a file has an unknown schema");
    const digest = await sha256(bytesOf(canonical(kase)));
    need(plan.case.digest === digest && proof.case === digest, "the case is not the one the plan and the proof name");
    const names = ["parcel_ids", "demand_id", "method", "period", "term_years"];
    const given = plan.assignments.map((a) => canonical(Object.fromEntries(names.map((n) => [n, a[n] === undefined ? null : a[n]]))));
    const order = given.map((text) => [bytesOf(text), text]).sort((a, b) => compareBytes(a[0], b[0])).map((pair) => pair[1]);
    need(plan.plan_hash === (await sha256(bytesOf("[" + order.join(",") + "]"))), "plan_hash is not that of the assignments");
    const raw = await inflate(files.offers, "gzip");
    need((await sha256(raw)) === proof.offers, "the offers are not the ones the proof names");
    const parcels = kase.parcels.ids.length, lines = splitLines(raw);
    const header = parse(lines.next().value, "line 1 of the offers");
    need(header.schema === "landopt.offers/2", "the offers have an unknown schema");
    need(header.case === digest, "the offers belong to another case");
    const rows = header.rows.map(readRow), tiers = proof.tiers.length;
    need(header.scope === proof.scope, "the proof reaches further than the offers");
    need(header.tiers === tiers && plan.result.tiers.length === tiers, "the number of tiers differs");
    const reached = proof.tiers.map((t) => int(t.objective, "an objective"));
    const states = [];
    for (let tier = 0; tier < tiers; tier++) {
      const scale = int(proof.tiers[tier].scale, "the scale");
      need(scale > 0n, "the scale is not positive");
      states.push({ tier, scale, leaves: await leaves(proof.tiers[tier].tree, tier, rows, parcels, scale, reached) });
    }
    let last = [-1, -1], count = 0;
    const seen = new Set();
    for (const line of lines) {
      const block = parse(line, "a block of the offers");
      last = checkBlock(block, parcels, rows.length, tiers, last);
      for (const part of block.parts) seen.add(part.place);
      count += block.site.length;
      for (const state of states) feed(state, block);
    }
    need(count === header.count, "the offers are not as many as announced");
    say.offers = count;
    say.tiers = states.map((state, tier) => {
      const open = state.leaves.filter((l) => !l.empty && l.one.every((b) => seen.has(b.place)));
      need(open.length > 0, "the proof covers no plan at all");
      const bound = open.map((l) => floorDiv(l.total, state.scale)).reduce((a, b) => (a > b ? a : b));
      const stated = plan.result.tiers[tier];
      need(int(proof.tiers[tier].bound, "a bound") === bound && int(stated.bound, "a bound") === bound, "tier " + (tier + 1) + ": the prices prove " + bound);
      need(int(stated.objective, "an objective") === reached[tier], "the plan's objective is not the proof's");
      need(bound >= reached[tier], "the bound is below the objective");
      need(stated.proven_gap === gapText(bound, reached[tier]), "proven_gap is " + gapText(bound, reached[tier]));
      return { objective: String(reached[tier]), bound: String(bound), proven_gap: stated.proven_gap, leaves: state.leaves.length };
    });
    need(plan.result.bound_scope === proof.scope, "bound_scope is not the proof's");
    const closed = say.tiers.every((t) => t.bound === t.objective);
    need(plan.result.stopped !== "optimal" || closed, "the plan is called optimal, but the gap is not 0");
  }

  function compareBytes(a, b) {
    for (let i = 0; i < Math.min(a.length, b.length); i++) if (a[i] !== b[i]) return a[i] - b[i];
    return a.length - b.length;
  }
  function* splitLines(raw) {
    let from = 0;
    for (let at = raw.indexOf(10); at >= 0; at = raw.indexOf(10, from)) { yield raw.subarray(from, at); from = at + 1; }
    if (from < raw.length) yield raw.subarray(from);
  }

  async function verify(files) {
    const say = { holds: false, problem: null, offers: 0, tiers: [] };
    try { await run(files, say); say.holds = true; }
    catch (e) { say.problem = e instanceof Bad ? e.message : "not as specified: " + e.message; }
    return say;
  }
  root.landoptVerify = { verify };
  if (typeof module !== "undefined" && typeof require !== "undefined" && require.main === module) {
    const fs = require("fs"), path = require("path"), folder = process.argv[2];
    if (!folder) { process.stderr.write("node verify.js PLAN_FOLDER\n"); process.exit(2); }
    const read = (name) => new Uint8Array(fs.readFileSync(path.join(folder, name)));
    verify({ plan: read("plan.json"), proof: read("proof.json"), case: read("case.json"), offers: read("offers.jsonl.gz") }).then((say) => {
      process.stdout.write(JSON.stringify(say) + "\n");
      process.exit(say.holds ? 0 : 5);
    });
  }
})(globalThis);
