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
  /* A gzip file of one member without extra fields: header of ten bytes, deflated data, CRC-32 and length of what it unpacks to. */
  async function ungzip(bytes) {
    need(bytes.length > 18 && bytes[0] === 31 && bytes[1] === 139 && bytes[2] === 8 && bytes[3] === 0, "the offers are not gzip as written");
    const raw = await inflate(bytes.subarray(10, bytes.length - 8), "deflate-raw");
    const end = new DataView(bytes.buffer, bytes.byteOffset + bytes.length - 8, 8);
    const table = Uint32Array.from({ length: 256 }, (_, n) => { for (let i = 0; i < 8; i++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1; return n >>> 0; });
    let sum = 0xffffffff;
    for (const byte of raw) sum = table[(sum ^ byte) & 255] ^ (sum >>> 8);
    need(end.getUint32(0, true) === (sum ^ 0xffffffff) >>> 0 && end.getUint32(4, true) === raw.length >>> 0, "the offers are cut, or something follows them");
    return raw;
  }
  /* The grammar of docs/proof.md section 1, the same as constraints/audit/files/strict_json.py: docs/json-vectors.json. */
  const NESTED = 64, STRING = /^(?:[^"\\\u0000-\u001f]|\\(?:["\\\/bfnrt]|u[0-9a-fA-F]{4}))*$/;
  function parse(bytes, name) {
    let text, at = 0;
    try { text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes); } catch (e) { throw new Bad(name + " is not UTF-8"); }
    const ok = (good, why) => need(good, name + " is not of the grammar: " + why + " at " + at);
    const blank = () => { for (let c = text.charCodeAt(at); c === 32 || c === 9 || c === 10 || c === 13; c = text.charCodeAt(at)) at++; };
    const word = (w, value) => { ok(text.startsWith(w, at), "no value"); at += w.length; return value; };
    function string() {
      ok(text[at] === '"', "no string");
      let end = at + 1, plain = true;
      for (let c = text.charCodeAt(end); c !== 34; c = text.charCodeAt(end)) {
        ok(end < text.length && c >= 32, "a string is not closed or holds a control character");
        if (c === 92) { plain = false; end++; }
        if (c >= 0xd800 && c <= 0xdfff) plain = false;
        end++;
      }
      const inner = text.slice(at + 1, end);
      let found = inner;
      if (!plain) {
        ok(STRING.test(inner), "a string has an unknown escape");
        found = JSON.parse('"' + inner + '"');
        ok(!/\p{Surrogate}/u.test(found), "half a surrogate");
      }
      at = end + 1;
      return found;
    }
    function number() {
      const from = at;
      if (text[at] === "-") at++;
      while (text.charCodeAt(at) >= 48 && text.charCodeAt(at) <= 57) at++;
      const digits = text.slice(from, at);
      ok(/^(?:0|-?[1-9][0-9]{0,15})$/.test(digits) && !/[.eE]/.test(text[at] || ""), "a number is no plain integer");
      ok(Number.isSafeInteger(Number(digits)), "a number is not below 2^53 in size");
      return Number(digits);
    }
    function value(depth) {
      blank();
      const c = text[at];
      if (c === '"') return string();
      if (c === "{" || c === "[") {
        ok(depth < NESTED, "nested too deep");
        const list = c === "[", close = list ? "]" : "}", found = list ? [] : Object.create(null);
        at++; blank();
        if (text[at] === close) { at++; return found; }
        for (;;) {
          if (list) found.push(value(depth + 1));
          else {
            blank();
            const key = string();
            ok(!/[^\u0000-\u007f]/.test(key), "a key is not ASCII");
            ok(!(key in found), "a key is given twice");
            blank(); ok(text[at++] === ":", "no colon");
            found[key] = value(depth + 1);
          }
          blank();
          const next = text[at++];
          if (next === close) return found;
          ok(next === ",", "no comma");
        }
      }
      if (c === "t") return word("true", true);
      if (c === "f") return word("false", false);
      if (c === "n") return word("null", null);
      return number();
    }
    const found = value(0);
    blank();
    ok(at === text.length, "something follows");
    return found;
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
        for (let i = 0; i < 9; i++) {
          need(at < raw.length, what + " end too early");
          const byte = raw[at++];
          value |= BigInt(byte & 127) << BigInt(7 * i);
          if (byte < 128) return value;
        }
        throw new Bad(what + " hold a number of more than 9 bytes");
      },
      below(limit, what_) { const value = this.next(); need(value < BigInt(limit), "a " + what_ + " is named that does not exist"); return Number(value); },
      step() { const step = this.next(); need(step <= 52n, "a step is too coarse"); return step; },
      end() { need(at === raw.length, what + " go on after the tree"); },
      pairs(limit, each) {
        let place = -1n;
        for (let count = this.next(); count > 0n; count--) {
          place += 1n + this.next();
          need(place < BigInt(limit), "a row or parcel is named that does not exist");
          each(Number(place), this.next(), place);
        }
      },
      changes(steps, count) { const found = []; this.pairs(count, (place, n) => found.push([place, signed(n) << steps(place)])); return found; },
    };
  }
  const signed = (n) => (n & 1n ? -(n >> 1n) - 1n : n >> 1n);

  async function readTree(tree, count, parcels) {
    need(tree && typeof tree === "object" && !Array.isArray(tree), "the tree is missing");
    need(Object.keys(tree).every((key) => key === "nodes" || key === "parcels"), "a tree is made of nodes and parcels");
    const absent = (text) => text === undefined || text === null;
    const found = { alone: [], derived: [], vectors: [{ base: -1, rows: [], land: [] }], drops: [], root: { kind: 0, vector: 0 } };
    if (!absent(tree.nodes)) readNodes(reader(await unpack(tree.nodes, "nodes"), "nodes"), found, count, parcels);
    need(found.vectors.length * (count + found.derived.length + parcels) <= 1 << 25, "the tree has too many prices");
    if (!absent(tree.parcels)) {
      const land = reader(await unpack(tree.parcels, "parcels"), "parcels"), step = land.step();
      for (const vector of found.vectors) vector.land = land.changes(() => step, parcels);
      land.end();
    }
    return found;
  }

  function readNodes(from, found, count, parcels) {
    const part = () => { const n = from.next(); need(!(n & 1n) || n >> 1n < BigInt(parcels), "a parcel is named that does not exist"); return (n & 1n ? "m" : "d") + (n >> 1n); };
    from.pairs(count, (row, n) => found.alone.push([row, -n]));
    for (let left = from.next(); left > 0n; left--) {
      const q = from.next(), rows = BigInt(count + found.derived.length);
      if (q > 0n) {
        const t = from.next(), terms = [];
        from.pairs(1n << 62n, (_, n, of) => {
          need(of % 3n !== 0n || of / 3n < rows, "a row is named that does not exist");
          need(of % 3n !== 1n || of / 3n < BigInt(parcels), "a parcel is named that does not exist");
          terms.push([of, signed(n)]);
        });
        found.derived.push({ q, t, terms });
      } else {
        const size = from.next(), members = new Set();
        need(size <= 1000n, "a clique has too many offers");
        for (let i = 0n; i < size; i++) members.add(part() + ":" + from.next());
        need(members.size === Number(size), "a clique names an offer twice");
        found.derived.push({ members });
      }
    }
    const whole = count + found.derived.length, steps = Array.from({ length: whole }, () => from.step());
    found.vectors = [];
    for (let left = from.next(); left > 0n; left--) {
      const base = from.below(found.vectors.length + 1, "vector") - 1;
      found.vectors.push({ base, rows: from.changes((row) => steps[row], whole), land: [] });
      need(found.vectors.length <= 65536, "the tree has too many vectors");
    }
    for (let left = from.next(); left > 0n; left--) found.drops.push({ vector: from.below(found.vectors.length, "vector"), margin: from.next() });
    const read = (depth) => {
      need(++made <= 65536 && depth <= 1000, "the tree has too many nodes");
      const kind = from.next();
      if (kind === 0n) return { kind: 0, vector: from.below(found.vectors.length, "vector") };
      const node = { kind: Number(kind) };
      if (kind === 1n) {
        node.part = part();
        node.parcel = node.part[0] === "m" ? Number(node.part.slice(1)) : from.below(parcels + 1, "parcel") - 1;
        node.method = Number(from.next()) - 1;
      } else if (kind === 2n) { node.part = part(); node.offer = from.next(); }
      else if (kind === 3n) node.parcel = from.below(parcels, "parcel");
      else if (kind === 4n) { node.row = from.below(whole, "row"); node.most = signed(from.next()); }
      else throw new Bad("there is no branch of that kind");
      node.zero = read(depth + 1);
      node.one = read(depth + 1);
      return node;
    };
    let made = 0;
    found.root = read(0);
    from.end();
  }

  // The ends of a row: {low, high}, null where it has none; null for a soft row or a tier that soft rows enter.
  const rounded = (value, q, rest) => { const times = floorDiv(value, q), over = value - times * q - rest; return times * (q - rest) + (over > 0n ? over : 0n); };

  function derive(one, ends) {
    if (one.members) return { members: one.members, right: 1n };
    let total = 0n;
    const terms = one.terms.map(([of, times]) => {
      const place = Number(of / 3n), kind = Number(of % 3n);
      let sign = 1n, end = 1n, open = true;
      if (kind === 0) {
        const range = ends[place];
        need(range, "a derived row rests on a soft row");
        if (range.high === null) { sign = -1n; end = -range.low; } else { end = range.high; open = range.low !== range.high; }
      }
      total += times * end;
      return { place, kind, sign, end, open, times };
    });
    need(one.q >= 2n && total - floorDiv(total, one.q) * one.q !== 0n, "a derived row rounds nothing");
    const q = one.q, rest = total - floorDiv(total, q) * q;
    const last = (value) => (one.t > 0n ? floorDiv(one.t * value, q - rest) : value);
    let right = rounded(total, q, rest);
    const of = [new Map(), new Map(), new Map()];
    for (const term of terms) {
      const slack = term.open ? rounded(term.times, q, rest) : 0n;
      right -= slack * term.end;
      of[term.kind].set(term.place, [term.sign * term.times, term.sign * slack]);
    }
    return { q, rest, last, rows: of[0], parcels: of[1], demands: of[2], right: last(right) };
  }

  function inRange(n) { need(big(n) < 1n << 53n, "a number of a derived row is out of range"); return n; }

  async function prepare(tier, entry, rows, parcels, reached) {
    const scale = int(entry.scale, "the scale"), listed = rows.length, tree = await readTree(entry.tree, listed + tier, parcels);
    need(scale > 0n, "the scale is not positive");
    const soft = new Set(rows.filter((row) => row.slack > 0n).map((row) => row.tier));
    const ends = rows.map((row) => (row.slack > 0n ? null : { low: row.sense === "<=" ? null : row.rhs, high: row.sense === ">=" ? null : row.rhs }));
    for (let j = 0; j < tier; j++) ends.push(soft.has(j) ? null : { low: reached[j], high: null });
    const rules = [];
    const depths = [];
    for (const one of tree.derived) {
      const below = (one.terms || []).filter(([of]) => of % 3n === 0n && of / 3n >= BigInt(listed + tier)).map(([of]) => depths[Number(of / 3n) - listed - tier]);
      depths.push(1 + Math.max(0, ...below));
      need(depths[depths.length - 1] <= 16, "derived rows rest on one another too often");
      rules.push(derive(one, ends));
      ends.push({ low: null, high: inRange(rules[rules.length - 1].right) });
    }
    const alone = new Map();
    for (const [row, least] of tree.alone) {
      need(row < listed && ends[row], "an offer alone is held against a soft row");
      const low = ends[row].high === null;
      alone.set(row, { sign: low ? -1n : 1n, most: low ? -ends[row].low : ends[row].high, stated: least, least: 0n });
    }
    const state = { tier, scale, rows, reached, listed, tree, ends, rules, alone, named: new Map() };
    const limit = 1n << 53n, none = { y: new Array(ends.length).fill(0n), p: new Array(parcels).fill(0n) };
    const changed = (prices, changes) => {
      if (!changes.length) return prices;
      const out = prices.slice();
      for (const [at, change] of changes) { out[at] += change; need(big(out[at]) < limit, "a price is out of range"); }
      return out;
    };
    state.prices = [];
    for (const vector of tree.vectors) {
      const base = vector.base < 0 ? none : state.prices[vector.base];
      state.prices.push({ y: changed(base.y, vector.rows), p: changed(base.p, vector.land) });
    }
    for (const prices of state.prices) prices.derived = prices.y.some((price, r) => r >= listed + tier && price !== 0n);
    state.drops = tree.drops.map((drop) => ({ vector: drop.vector, margin: drop.margin, least: null, total: constant(state, drop.vector, new Map(), new Map()) }));
    state.leaves = [];
    paths(state, tree.root, new Map(), new Map(), [], false);
    return state;
  }

  // What missing a soft limit by one unit more gains at the prices y.
  function unitGain(state, y, r) {
    const row = state.rows[r], { listed, tier, scale } = state;
    let paid = 0n;
    for (const each of row.group) paid += big(y[each]) * state.rows[each].slack;
    const gain = paid - (row.tier === tier ? scale * row.penalty : 0n);
    return row.tier < tier ? gain + y[listed + row.tier] * row.penalty : gain;
  }

  function constant(state, vector, path, supplied) {
    const { y, p } = state.prices[vector];
    let total = 0n;
    y.forEach((price, r) => {
      const soft = r < state.listed && state.rows[r].slack !== 0n;
      if (soft && state.rows[r].group) {
        const gain = unitGain(state, y, r), units = path.get(r) || { low: 0n, high: null };
        need(gain <= 0n || units.high !== null, "the price of a soft limit is above its penalty");
        total += gain * (gain > 0n ? units.high : units.low);
      }
      if (price === 0n) return;
      let range = (!soft && path.get(r)) || state.ends[r];
      if (!range && r < state.listed) { const row = state.rows[r]; range = { low: row.sense === "<=" ? null : row.rhs, high: row.sense === ">=" ? null : row.rhs }; }
      if (!range) range = { low: state.reached[r - state.listed], high: null };
      const end = price > 0n ? range.high : range.low;
      need(end !== null, "a price has the wrong sign");
      total += price * end;
    });
    p.forEach((price, parcel) => {
      const given = supplied.get(parcel);
      need(price >= 0n || given !== undefined, "a price has the wrong sign");
      if (given !== false) total += price;
    });
    return total;
  }

  function paths(state, node, path, supplied, steps, empty) {
    if (node.kind === 0) {
      state.leaves.push({ vector: node.vector, steps, empty, total: empty ? 0n : constant(state, node.vector, path, supplied) });
      return;
    }
    const zero = [...steps, { on: node, one: false }], one = [...steps, { on: node, one: true }];
    if (node.kind <= 2) { paths(state, node.zero, path, supplied, zero, empty); paths(state, node.one, path, supplied, one, empty); return; }
    if (node.kind === 3) {
      const before = supplied.get(node.parcel);
      paths(state, node.zero, path, new Map(supplied).set(node.parcel, false), zero, empty || before === true);
      paths(state, node.one, path, new Map(supplied).set(node.parcel, true), one, empty || before === false);
      return;
    }
    const range = path.get(node.row) || state.ends[node.row] || (node.row < state.listed && state.rows[node.row].group ? { low: 0n, high: null } : null);
    need(range, "a branch is on the sum of a tier that soft limits enter, or on a row that is missed together with an earlier one");
    const { low, high } = range, least = (a, b) => (a === null || b < a ? b : a), most = (a, b) => (a === null || b > a ? b : a);
    const less = least(high, node.most), more = most(low, node.most + 1n);
    paths(state, node.zero, new Map(path).set(node.row, { low, high: less }), supplied, zero, empty || (low !== null && low > less));
    paths(state, node.one, new Map(path).set(node.row, { low: more, high }), supplied, one, empty || (high !== null && more > high));
  }

  function readRow(row) {
    need(["<=", ">=", "="].includes(row.sense), "a row has no sense");
    const found = { sense: row.sense, rhs: int(row.rhs, "rhs"), slack: int(row.slack, "slack"), penalty: int(row.penalty, "penalty"), tier: row.tier };
    need(found.slack >= 0n && found.penalty >= 0n && isInt(row.tier) && row.tier >= 0, "a row is not as specified");
    need(row.once === undefined || row.once === true, "a row is not as specified");
    found.with = row.once ? "rule " + row.rule : null;
    return found;
  }

  // Soft rows of a rule that are "once" are missed together: the first of them has their numbers as its group.
  function grouped(rows) {
    const first = new Map();
    rows.forEach((row, r) => {
      if (row.slack === 0n) return;
      const of = row.with === null ? r : row.with;
      if (first.has(of)) {
        const lead = rows[first.get(of)];
        need(lead.penalty === row.penalty && lead.tier === row.tier, "rows that are missed together cost differently");
        lead.group.push(r);
      } else { first.set(of, r); row.group = [r]; }
    });
    return rows;
  }

  const summed = (pairs) => {
    const found = new Map();
    for (let i = 0; i < pairs.length; i += 2) found.set(pairs[i], (found.get(pairs[i]) || 0n) + BigInt(pairs[i + 1]));
    return found;
  };

  function feed(state, block) {
    const { tier, scale, rules, listed, alone, tree } = state, own = listed + tier;
    const uses = block.lists.map(summed), scores = block.score;
    const tooMuch = uses.map((use) => [...use].some(([row, n]) => n !== 0n && alone.has(row) && alone.get(row).sign * n + alone.get(row).stated > alone.get(row).most));
    const derived = (part, k, cache) => {
      if (cache.has(k)) return cache.get(k);
      const found = [], site = block.sites[block.site[k]], use = uses[block.list[k]], demand = part.place[0] === "d" ? Number(part.place.slice(1)) : -1;
      for (const rule of rules) {
        if (rule.members) { found.push(rule.members.has(part.place + ":" + (k - part.begin)) ? 1n : 0n); continue; }
        let whole = 0n, slack = 0n;
        const add = ([a, b], n) => { whole += a * n; slack += b * n; };
        for (const [row, pair] of rule.rows) add(pair, row < listed ? use.get(row) || 0n : row < own ? BigInt(scores[row - listed][k]) : found[row - own]);
        for (const parcel of site) if (rule.parcels.has(parcel)) add(rule.parcels.get(parcel), 1n);
        if (rule.demands.has(demand)) add(rule.demands.get(demand), 1n);
        found.push(rule.last(rounded(whole, rule.q, rule.rest) - slack));
      }
      cache.set(k, found);
      return found;
    };
    for (const part of block.parts) {
      const lowest = new Map();
      for (const list of new Set(block.list.slice(part.begin, part.end)))
        for (const [row, n] of uses[list]) if (alone.has(row)) { const a = alone.get(row).sign * n; if (a < (lowest.get(row) || 0n)) lowest.set(row, a); }
      for (const [row, n] of lowest) alone.get(row).least += n;
      for (const rule of rules) if (rule.members) for (let k = part.begin; k < part.end; k++)
        if (rule.members.has(part.place + ":" + (k - part.begin))) state.named.set(part.place + ":" + (k - part.begin), { part: part.place, site: block.sites[block.site[k]], use: uses[block.list[k]] });
      const cache = new Map(), worths = new Map();
      let left = [];
      for (let k = part.begin; k < part.end; k++) if (!tooMuch[block.list[k]]) left.push(k);
      const worth = (vector) => {
        if (!worths.has(vector)) {
          const { y, p } = state.prices[vector], priced = state.prices[vector].derived;
          worths.set(vector, new Map(left.map((k) => {
            let value = scale * BigInt(scores[tier][k]);
            for (const parcel of block.sites[block.site[k]]) value -= p[parcel];
            for (const [row, n] of uses[block.list[k]]) value -= y[row] * n;
            for (let j = 0; j < tier; j++) if (y[listed + j] !== 0n) value -= y[listed + j] * BigInt(scores[j][k]);
            if (priced) derived(part, k, cache).forEach((n, d) => { value -= y[own + d] * n; });
            return [k, value];
          })));
        }
        return worths.get(vector);
      };
      const best = (values, least) => { let found = least; for (const value of values) if (found === null || value > found) found = value; return found; };
      for (const drop of state.drops) {
        const values = worth(drop.vector), top = best(left.map((k) => values.get(k)), 0n), kept = [];
        drop.total += top;
        for (const k of left) {
          const behind = top - values.get(k);
          if (behind <= drop.margin) kept.push(k);
          else if (drop.least === null || behind < drop.least) drop.least = behind;
        }
        left = kept;
      }
      const whole = new Map();
      for (const leaf of state.leaves) {
        const values = worth(leaf.vector);
        let mine = left, must = false, all = true;
        for (const { on, one } of leaf.steps) {
          if (on.part === part.place) {
            const hits = (k) => on.kind === 2 ? on.offer === BigInt(k - part.begin)
              : (on.method < 0 || on.method === block.ways[block.way[k]][0]) && (on.parcel < 0 || block.sites[block.site[k]].includes(on.parcel));
            mine = mine.filter((k) => hits(k) === one);
            must = must || one;
            all = false;
          } else if (on.kind === 3 && !one && mine.some((k) => block.sites[block.site[k]].includes(on.parcel))) {
            mine = mine.filter((k) => !block.sites[block.site[k]].includes(on.parcel));
            all = false;
          }
        }
        if (all) {
          if (!whole.has(leaf.vector)) whole.set(leaf.vector, best(left.map((k) => values.get(k)), 0n));
          leaf.total += whole.get(leaf.vector);
        } else if (must && !mine.length) leaf.empty = true;
        else leaf.total += best(mine.map((k) => values.get(k)), must ? null : 0n);
      }
    }
  }

  function boundOf(state, seen) {
    for (const { stated, least } of state.alone.values()) need(least >= stated, "the least activity of a row is lower than stated");
    for (const rule of state.rules) if (rule.members) {
      const met = [...rule.members].filter((name) => state.named.has(name)).map((name) => state.named.get(name));
      met.forEach((a, i) => met.slice(0, i).forEach((b) => need(apart(state, a, b), "two offers of a clique can go together")));
    }
    const found = [];
    for (const drop of state.drops) if (drop.least !== null) found.push(floorDiv(drop.total - drop.least, state.scale));
    for (const leaf of state.leaves)
      if (!leaf.empty && leaf.steps.every(({ on, one }) => !one || on.kind > 2 || seen.has(on.part))) found.push(floorDiv(leaf.total, state.scale));
    need(found.length > 0, "the proof covers no plan at all");
    return found.reduce((a, b) => (a > b ? a : b));
  }

  function apart(state, a, b) {
    if (a.part === b.part || a.site.some((parcel) => b.site.includes(parcel))) return true;
    for (const [row, n] of a.use) if (b.use.has(row) && state.alone.has(row)) {
      const { sign, most, stated } = state.alone.get(row);
      if (sign * (n + b.use.get(row)) + stated > most) return true;
    }
    return false;
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
    need(plan.schema === "landopt.plan/1" && proof.schema === "landopt.proof/3" && kase.schema === "landopt.case/1", "a file has an unknown schema");
    const digest = await sha256(bytesOf(canonical(kase)));
    need(plan.case.digest === digest && proof.case === digest, "the case is not the one the plan and the proof name");
    const names = ["parcel_ids", "demand_id", "method", "period", "term_years"];
    const given = plan.assignments.map((a) => canonical(Object.fromEntries(names.map((n) => [n, a[n] === undefined ? null : a[n]]))));
    const order = given.map((text) => [bytesOf(text), text]).sort((a, b) => compareBytes(a[0], b[0])).map((pair) => pair[1]);
    need(plan.plan_hash === (await sha256(bytesOf("[" + order.join(",") + "]"))), "plan_hash is not that of the assignments");
    const raw = await ungzip(files.offers);
    need((await sha256(raw)) === proof.offers, "the offers are not the ones the proof names");
    const parcels = kase.parcels.ids.length, lines = splitLines(raw);
    const header = parse(lines.next().value, "line 1 of the offers");
    need(header.schema === "landopt.offers/2", "the offers have an unknown schema");
    need(header.case === digest, "the offers belong to another case");
    const rows = grouped(header.rows.map(readRow)), tiers = proof.tiers.length;
    need(header.scope === proof.scope, "the proof reaches further than the offers");
    need(header.tiers === tiers && plan.result.tiers.length === tiers, "the number of tiers differs");
    const reached = proof.tiers.map((t) => int(t.objective, "an objective"));
    const held = proof.tiers.map((t) => int(t.held_at === undefined ? t.objective : t.held_at, "what a tier is held at"));
    const states = [];
    for (let tier = 0; tier < tiers; tier++) states.push(await prepare(tier, proof.tiers[tier], rows, parcels, held));
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
    let open = false;
    say.tiers = states.map((state, tier) => {
      const bound = boundOf(state, seen);
      const stated = plan.result.tiers[tier];
      need(int(proof.tiers[tier].bound, "a bound") === bound && int(stated.bound, "a bound") === bound, "tier " + (tier + 1) + ": the prices prove " + bound);
      need(int(stated.objective, "an objective") === reached[tier], "the plan's objective is not the proof's");
      need(bound >= reached[tier], "the bound is below the objective");
      const cameTo = heldAs(tier, kase, proof.tiers[tier], stated, bound);
      need(stated.proven_gap === gapText(bound, reached[tier]), "proven_gap is " + gapText(bound, reached[tier]));
      if (cameTo !== bound) open = true;
      return { objective: String(reached[tier]), bound: String(bound), proven_gap: stated.proven_gap, leaves: state.leaves.length };
    });
    need(plan.result.bound_scope === proof.scope, "bound_scope is not the proof's");
    need(plan.result.stopped !== "optimal" || !open, "the plan is called optimal, but the gap is not 0");
  }

  /* What a tier came to: where it gives part of that to later ones, it is held at the rest, and the plan keeps to it. */
  function heldAs(tier, kase, proved, stated, bound) {
    const objective = int(proved.objective, "an objective");
    const gives = kase.objective.gives === undefined ? [] : kase.objective.gives;
    const part = tier < gives.length ? int(gives[tier][0], "a part given") : 0n, whole = tier < gives.length ? int(gives[tier][1], "a part given") : 1n;
    for (const name of ["reached", "held_at"]) {
      need((proved[name] !== undefined) === part > 0n, name + " stands where the tier gives something, and nowhere else");
      need(stated[name] === undefined ? proved[name] === undefined : int(stated[name], name) === int(proved[name], name), name + " is not the proof's");
    }
    if (part === 0n) return objective;
    const cameTo = int(proved.reached, "reached"), held = int(proved.held_at, "held_at");
    need(whole > 0n && held === cameTo - (part * (cameTo < 0n ? -cameTo : cameTo)) / whole, "a tier is not held at what it reached less what it gives");
    need(held <= objective && objective <= cameTo && cameTo <= bound, "a tier's objective is not between what it is held at and what it reached");
    return cameTo;
  }

  function compareBytes(a, b) {
    for (let i = 0; i < Math.min(a.length, b.length); i++) if (a[i] !== b[i]) return a[i] - b[i];
    return a.length - b.length;
  }
  function* splitLines(raw) {
    let from = 0;
    for (let at = raw.indexOf(10); at >= 0; at = raw.indexOf(10, from)) { yield raw.subarray(from, at); from = at + 1; }
    need(from === raw.length && from > 0, "the last line of the offers has no end");
  }

  /* Exactly what this program checks, and what it takes as given. */
  const CHECKED = {
    en: "the form of the four files; digests of case, offers and assignments; parts and rows of the listed offers; the bound that the proof gives for them; gap and scope as plan.json states them",
    zh: "四个文件的格式；案卷、方案清单与安排的摘要；清单的分组与约束；证明对清单给出的上界；plan.json 所载差距与范围",
  };
  const GIVEN = {
    en: "that the assignments are lawful and add up to the objective, that the offers follow from the facts and none is missing, and all words: landopt audit checks these",
    zh: "安排是否合法、得分是否相符、清单是否由事实得出且无遗漏，以及全部文字：由 landopt audit 核对",
  };
  async function verify(files) {
    const say = { holds: false, problem: null, offers: 0, tiers: [], checked: CHECKED, given: GIVEN };
    try { await run(files, say); say.holds = true; }
    catch (e) { say.problem = e instanceof Bad ? e.message : "not as specified: " + e.message; }
    return say;
  }
  root.landoptVerify = { verify, parse: (bytes) => parse(bytes, "the text") };
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
