/* Reads what landopt/report/map/codec.py wrote. Everything stays in the page. */
"use strict";
(function (root) {
  /* Base85 in the alphabet of RFC 1924 with ",.:" for "<>&"; the last group is as short as its bytes. */
  const SIGNS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%:()*+-;,=.?@^_`{|}~";
  function unbase85(text) {
    const value = new Uint8Array(128), given = text.trim(), short = (5 - given.length % 5) % 5;
    for (let i = 0; i < 85; i++) value[SIGNS.charCodeAt(i)] = i;
    const bytes = new Uint8Array((given.length + short) / 5 * 4);
    for (let i = 0, at = 0; i < given.length; i += 5) {
      let sum = 0;
      for (let k = 0; k < 5; k++) sum = sum * 85 + (i + k < given.length ? value[given.charCodeAt(i + k)] : 84);
      for (let shift = 24; shift >= 0; shift -= 8) bytes[at++] = sum >>> shift & 255;
    }
    return bytes.subarray(0, bytes.length - short);
  }
  async function gunzip(bytes) {
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  }
  function varints(bytes, from, count) {
    const out = new Float64Array(count);
    let at = from;
    for (let i = 0; i < count; i++) {
      let value = 0, factor = 1, byte;
      do { byte = bytes[at++]; value += (byte & 127) * factor; factor *= 128; } while (byte > 127);
      out[i] = value % 2 ? -(value + 1) / 2 : value / 2;
    }
    return out;
  }
  async function unpack(text) {
    const raw = await gunzip(unbase85(text)), view = new DataView(raw.buffer, raw.byteOffset);
    const size = view.getUint32(0, true), head = JSON.parse(new TextDecoder().decode(raw.subarray(4, 4 + size)));
    const columns = {};
    let at = 4 + size;
    for (const [name, count, length] of head.columns) {
      const start = at;
      Object.defineProperty(columns, name, {
        configurable: true, enumerable: true,
        get() { const found = varints(raw, start, count); Object.defineProperty(columns, name, { value: found }); return found; },
      });
      at += length;
    }
    return { head, columns };
  }
  function sums(deltas) {
    const out = new Float64Array(deltas.length);
    let total = 0;
    for (let i = 0; i < deltas.length; i++) out[i] = total += deltas[i];
    return out;
  }
  /* The text of a record: its line templates with the slots filled by how often each template occurred before it. */
  function textReader(data) {
    const { head, columns } = data;
    let ready = null;
    const prepare = () => {
      const starts = sums(columns.slot_lengths);
      const ends = { zh: sums(columns["lines.zh"]), en: sums(columns["lines.en"]) };
      ready = { starts, ends, slots: columns.slots, lengths: columns.slot_lengths };
    };
    return function (record, lang, own) {
      if (!ready) prepare();
      const lines = columns["line." + lang], ends = ready.ends[lang];
      const from = record ? ends[record - 1] : 0, to = ends[record];
      const seen = new Uint32Array(head.templates.length);
      for (let i = 0; i < from; i++) seen[lines[i]]++;
      const out = [];
      for (let i = from; i < to; i++) {
        const template = lines[i], layout = head.slot_layout[template];
        let slot = 0, text = "", parts = head.templates[template];
        for (let c = 0; c < parts.length; c++) {
          const char = parts[c];
          if (char === "\u0001") text += own[parts[++c]] || "";
          else if (char === "\u0002") {
            const column = layout[slot++], start = ready.starts[column] - ready.lengths[column];
            text += head.slot_values[ready.slots[start + seen[template]]];
          } else text += char;
        }
        seen[template]++;
        out.push(text);
      }
      return out;
    };
  }
  /* The other scripts travel compressed; the policy of the page names the digest of each and lets nothing else run. */
  async function load(text) {
    for (const code of JSON.parse(new TextDecoder().decode(await gunzip(unbase85(text))))) {
      const script = document.createElement("script");
      script.textContent = code;
      document.head.append(script);
    }
  }
  root.landoptDecode = { unbase85, gunzip, unpack, sums, textReader };
  const code = document.getElementById("code");
  if (code) load(code.textContent); // the workbench has its scripts as files
})(globalThis);
