/* The page around the map: filters, lists, the justification, comparison, languages, verification. Text goes in as text. */
"use strict";
(async function () {
  const $ = (id) => document.getElementById(id), lang = () => (document.documentElement.lang === "zh" ? "zh" : "en");
  const say = (zh, en) => (lang() === "zh" ? zh : en);
  const data = await landoptDecode.unpack($("payload").textContent);
  const { head, columns: c } = data, count = head.ids.length, record = landoptDecode.sums(c.record);
  const read = landoptDecode.textReader(data);
  const word = (subject, code) => { const w = (head.words[subject] || {})[code]; return w ? w[lang()] : code || ""; };
  const methodOf = (i) => (c.method[i] < 0 ? "held" : head.methods[c.method[i]]);
  const methodName = (m) => (m === "held" ? say("暂不供应", "held back") : word("method", m));
  const group = (n) => String(n).replace(/\B(?=(\d{3})+(?!\d))/g, ",");
  const hectares = (m2) => { const t = String(m2).padStart(5, "0"); return group(t.slice(0, -4)) + "." + t.slice(-4); };
  const inHectares = (m2) => hectares(m2) + say(" 公顷", " ha");
  const platformName = (d) => { const p = head.platforms[d]; return p ? p.id + " " + p.name : ""; };
  const make = (tag, text, className) => { const e = document.createElement(tag); if (text !== undefined) e.textContent = text; if (className) e.className = className; return e; };

  const membersOf = new Map(), sitesOf = new Map();
  for (let i = 0; i < count; i++) {
    if (record[i] >= 0) { const m = membersOf.get(record[i]) || []; m.push(i); membersOf.set(record[i], m); }
    if (c.demand[i] >= 0) { const s = sitesOf.get(c.demand[i]) || []; s.push(i); sitesOf.set(c.demand[i], s); }
  }
  function own(r) {
    const members = membersOf.get(r), found = {};
    if (members) {
      found.i = members.map((i) => head.ids[i]).join("+");
      found.t = head.districts[c.district[members[0]]];
      found.a = hectares(members.reduce((sum, i) => sum + c.area[i], 0));
    }
    const demand = members ? c.demand[members[0]] : head.platforms.findIndex((p) => p.record === r);
    if (demand >= 0) { found.d = head.platforms[demand].id; found.p = head.platforms[demand].name; }
    return found;
  }

  /* Whether every plan within the gap supplies a parcel: proved, open, proved that none does. */
  const STANDS = [["", ""], ["各优方案均供应（已证明）", "supplied in every good plan (proved)"], ["有的优方案可能供应", "perhaps in some good plan"], ["优方案均不供应（已证明）", "in no good plan (proved)"]];
  const EDGE = [["#c3c8cf", 0.8], ["#000000", 4], ["#B3541E", 3], ["#9aa2ad", 0.8]];
  let standing = false;
  const stands = (i) => (c.stands ? c.stands[i] : 0);
  let view = "all", served = "all", comparing = false, chosen = -1, chosenPlatform = -1, shown = "whole";
  const off = new Set();
  const built = landoptMap.build($("map"), data, pick, (i) => {
    const e = make("div"), m = methodOf(i);
    e.append(make("b", head.ids[i] + (head.names.length && head.names[i] ? " " + head.names[i] : "")), make("br"), methodName(m) + " · " + inHectares(c.area[i]) + " · " + word("use", head.uses[c.use[i]]));
    if (c.demand[i] >= 0) e.append(make("br"), platformName(c.demand[i]).slice(0, 160));
    if (comparing && c.was_method[i] > -2) e.append(make("br"), say("原：", "was: ") + methodName(c.was_method[i] < 0 ? "held" : head.methods[c.was_method[i]]));
    return e;
  });

  /* What can be found of a parcel: its names, its platform, and method, use and district in both languages. */
  const telling = [];
  function told(i) {
    const both = (subject, code) => Object.values((head.words[subject] || {})[code] || {}).join(" ");
    const held = c.method[i] < 0 ? "暂不供应 held back" : both("method", head.methods[c.method[i]]);
    return telling[i] || (telling[i] = [head.ids[i], head.names[i] || "", platformName(c.demand[i]), held, both("use", head.uses[c.use[i]]), both("land_source", head.sources[c.source[i]]), head.districts[c.district[i]]].join(" ").toLowerCase());
  }
  function passes(i) {
    const m = methodOf(i);
    if (off.has(m) || (view === "held" && m !== "held") || (view === "supplied" && m === "held")) return false;
    const is = (id, value) => { const v = $(id).value; return v === "" || v === String(value); };
    if (!is("f-district", c.district[i]) || !is("f-use", c.use[i]) || !is("f-verdict", c.verdict[i])) return false;
    const until = Number($("f-period").value);
    if (until && (c.period[i] < 0 || c.period[i] >= until)) return false;
    const p = $("f-platform").value, r = $("f-rule").value;
    if (p !== "" && (p === "-1" ? m === "held" || c.demand[i] >= 0 : String(c.demand[i]) !== p)) return false;
    if (r !== "" && !head.rules.sets[c.rules[i]].includes(Number(r))) return false;
    const find = $("find").value.trim().toLowerCase();
    if (find && !told(i).includes(find)) return false;
    return true;
  }
  function draw() {
    const ok = [];
    for (let i = 0; i < count; i++) {
      const layer = built.layers[i], o = layer.options, moved = comparing && c.was_method[i] > -2, on = passes(i);
      o.faded = !on;
      o.grey = comparing && !moved;
      o.weight = i === chosen ? 4 : moved ? 2.4 : 0.8;
      o.strong = i === chosen || moved;
      o.color = i === chosen ? "#000" : moved ? "#111" : "#3c4654";
      o.dash = null;
      if (standing && i !== chosen) { [o.color, o.weight] = EDGE[stands(i)]; o.dash = stands(i) === 2 ? [6, 4] : null; o.strong = o.weight > 1; o.grey = stands(i) === 0 || stands(i) === 3; }
      if (on && (!comparing || moved)) ok.push(i);
    }
    if (chosen >= 0) built.layers[chosen].bringToFront();
    built.map.options.renderer._redrawBounds = null;
    built.map.options.renderer._redraw();
    const area = ok.reduce((sum, i) => sum + c.area[i], 0);
    $("count").textContent = say(`${group(ok.length)} 宗，${hectares(area)} 公顷`, `${group(ok.length)} parcels, ${hectares(area)} ha`) + (ok.length > 300 ? say("（列出前 300 宗，请查找或筛选）", " (first 300 listed; find or filter)") : "");
    $("list").replaceChildren(...ok.slice(0, 300).map((i) => {
      const li = make("li"), b = make("button");
      b.append(make("b", head.ids[i]), " " + methodName(methodOf(i)));
      b.append(make("small", [inHectares(c.area[i]), head.districts[c.district[i]], word("use", head.uses[c.use[i]])].join(" · ")));
      b.dataset.parcel = i;
      if (i === chosen) b.setAttribute("aria-current", "true");
      li.append(b);
      return li;
    }));
  }
  function legend() {
    const tally = new Map();
    for (let i = 0; i < count; i++) { const m = methodOf(i), t = tally.get(m) || [0, 0]; t[0]++; t[1] += c.area[i]; tally.set(m, t); }
    const order = [...head.methods, "held"].filter((m) => tally.has(m));
    $("legend").replaceChildren(...order.map((m) => {
      const li = make("li"), b = make("button"), [n, area] = tally.get(m);
      b.append(landoptMap.swatch(m), make("span", methodName(m)), make("span", `${group(n)} · ${inHectares(area)}`, "n"));
      b.setAttribute("aria-pressed", String(!off.has(m)));
      b.dataset.method = m;
      li.append(b);
      return li;
    }), ...(standing ? [1, 2, 3] : []).map((s) => {
      const li = make("li", "", "protected"), b = make("span", "", "edge"), n = c.stands.filter((one) => one === s).length;
      b.style.borderColor = EDGE[s][0]; b.style.borderStyle = s === 2 ? "dashed" : "solid";
      li.append(b, make("span", say(...STANDS[s])), make("span", group(n), "n"));
      return li;
    }), ...head.protected.map((area) => {
      const li = make("li", "", "protected"), b = make("span", area.title[lang()]);
      li.append(landoptMap.hatched(area.colour), b);
      return li;
    }));
    $("key").replaceChildren(...order.map((m) => { const e = make("div"); e.append(landoptMap.swatch(m), `${methodName(m)}  ${group(tally.get(m)[0])} · ${inHectares(tally.get(m)[1])}`); return e; }), ...head.protected.map((area) => { const e = make("div"); e.append(landoptMap.hatched(area.colour), area.title[lang()]); return e; }));
  }
  function options(id, entries) {
    const before = $(id).value, all = make("option", say("全部", "all"));
    all.value = "";
    $(id).replaceChildren(all, ...entries.map(([value, text]) => { const o = make("option", text.slice(0, 120)); o.value = value; return o; }));
    $(id).value = before;
    $(id).parentNode.hidden = !entries.length;
  }
  function selects() {
    const times = head.periods || [];
    $("time").hidden = !times.length;
    $("f-period").max = times.length;
    $("period").textContent = times[Number($("f-period").value) - 1] || say("全部", "all");
    const byText = (a, b) => a[1].localeCompare(b[1], lang());
    options("f-district", head.districts.map((d, k) => [k, d || say("未填", "blank")]).sort(byText));
    options("f-use", head.uses.map((u, k) => [k, word("use", u)]).sort(byText));
    options("f-platform", [...(sitesOf.size ? [[-1, say("公开市场", "open market")]] : []), ...[...sitesOf.keys()].sort((a, b) => a - b).map((d) => [d, platformName(d)])]);
    options("f-rule", head.rules.names.map((r, k) => [k, word("rules", r) + " [" + r + "]"]).sort(byText));
    options("f-verdict", [0, 1, 2].filter((v) => c.verdict.includes(v)).map((v) => [v, word("verdict", ["permit", "warn", "condition"][v])]));
  }
  const isHeading = (line) => /^(?:[一二三四五六七八九十]+、|\d+\. |Parcel\. )/.test(line);
  function prose(lines) {
    const out = [];
    lines.slice(1).forEach((line) => {
      if (!line.trim()) return;
      const cut = /^([一二三四五六七八九十]+、[^。]{1,12}。|\d+\. [A-Z][^.]{1,48}\.|Parcel\.)\s*(.*)$/.exec(line);
      if (cut) { out.push(make("h3", cut[1])); if (cut[2]) out.push(make("p", cut[2])); }
      else if (isHeading(line)) out.push(make("h3", line));
      else out.push(make("p", line.trim(), /^[\s\u3000]/.test(line) ? "in" : ""));
    });
    return out;
  }
  function facts(rows) {
    const table = make("table");
    rows.filter((r) => r[1]).forEach(([k, v]) => { const tr = make("tr"); tr.append(make("th", k), make("td", v)); table.append(tr); });
    return table;
  }
  function tell() {
    const box = $("text");
    let parts = [];
    if (shown === "parcel") {
      const i = chosen, m = methodOf(i), title = make("h2"), mark = make("span", "", "swatch");
      mark.style.background = landoptMap.styleOf(m).fill;
      title.append(mark, head.ids[i] + " " + (head.names[i] || ""));
      parts = [title, facts([
        [say("供应方式", "Method"), methodName(m)], [say("平台", "Platform"), c.demand[i] >= 0 ? platformName(c.demand[i]) : m === "held" ? "" : say("公开市场", "open market")],
        [say("面积", "Area"), hectares(c.area[i]) + say(" 公顷", " ha")], [say("用途", "Use"), word("use", head.uses[c.use[i]])], [say("片区", "District"), head.districts[c.district[i]]],
        [say("土地来源", "Land source"), word("land_source", head.sources[c.source[i]])], [say("年限", "Term"), c.term[i] ? c.term[i] + say(" 年", " years") : ""],
        [say("起始价", "Starting price"), c.price[i] ? group(c.price[i]) + say(" 元", " yuan") : ""], [say("结论", "Verdict"), c.verdict[i] >= 0 ? word("verdict", ["permit", "warn", "condition", "forbid"][c.verdict[i]]) : ""],
      ])];
      if (stands(i)) parts.push(make("p", say(`在损失不超过 ${head.stands.within} 分的所有方案中：`, `Among all plans that lose no more than ${head.stands.within} points: `) + say(...STANDS[stands(i)]) + say("。", "."), "in"));
      if (head.compare && c.was_method[i] > -2) parts.push(make("p", `${head.compare.plan}${say("：", ": ")}${methodName(c.was_method[i] < 0 ? "held" : head.methods[c.was_method[i]])} ${platformName(c.was_demand[i])} → ${methodName(m)} ${platformName(c.demand[i])}`, "moved"));
      parts.push(...(record[i] < 0 ? [make("p", say("本方案没有该宗地的说明记录。", "The plan has no record for this parcel."))] : prose(read(record[i], lang(), own(record[i])))));
    } else if (shown === "platform") {
      const p = head.platforms[chosenPlatform], sites = sitesOf.get(chosenPlatform) || [];
      parts = [make("h2", p.id + " " + p.name), facts([[say("平台类型", "Kind"), word("platform_kind", p.kind)], [say("主体", "Operator"), word("operator", p.operator)]])];
      sites.forEach((i) => { const b = make("button", head.ids[i] + " · " + methodName(methodOf(i)) + " · " + inHectares(c.area[i])); b.dataset.parcel = i; const q = make("p"); q.append(b); parts.push(q); });
      if (p.record >= 0) parts.push(...prose(read(p.record, lang(), own(p.record))));
    } else {
      parts = [make("h2", say("方案总体说明", "The plan as a whole"))];
      if (comparing) {
        parts.push(make("p", say(`与方案 ${head.compare.plan} 相比，${head.compare.moved} 宗变动。`, `${head.compare.moved} parcels differ from plan ${head.compare.plan}.`), "moved"));
        head.compare.flows.forEach((f) => parts.push(make("p", `${methodName(f.from)} → ${methodName(f.to)}: ${f.parcels} · ${inHectares(f.area_m2)}`, "in")));
      }
      parts.push(...prose(read(head.whole, lang(), {})));
    }
    box.replaceChildren(...parts);
    box.scrollTop = 0;
  }
  let fading;
  function hint(text) { $("hint").textContent = text; $("hint").classList.add("on"); clearTimeout(fading); fading = setTimeout(() => $("hint").classList.remove("on"), 2600); }
  function pick(i, from) {
    if (from === "zoom") { hint(say("已放大：宗地过小，请再次点选", "Zoomed in: parcels were too small to pick; click again")); return; }
    chosen = i; shown = "parcel";
    if (from !== "map") {
      const bounds = built.layers[i].getBounds(), size = Math.max(bounds.getNorth() - bounds.getSouth(), bounds.getEast() - bounds.getWest());
      built.map.fitBounds(bounds.pad(size > 0 ? 2.2 : 1), { maxZoom: 1, animate: false });
    }
    draw(); tell();
    const row = $("list").querySelector(`[data-parcel="${i}"]`);
    if (row) row.scrollIntoView({ block: "nearest" });
  }
  function platforms() {
    if ($("pane-platforms").hidden) return; // made when it is looked at
    $("platforms").replaceChildren(...head.platforms.map((p, k) => [p, k]).filter(([, k]) => served === "all" || sitesOf.has(k) === (served === "served")).map(([p, k]) => {
      const li = make("li"), b = make("button"), sites = sitesOf.get(k);
      b.append(make("b", p.id), " " + p.name.slice(0, 300));
      b.append(make("small", sites ? methodName(methodOf(sites[0])) + " · " + sites.map((i) => head.ids[i]).join("+") : say("未安排用地", "no site")));
      b.dataset.platform = k;
      if (k === chosenPlatform) b.setAttribute("aria-current", "true");
      li.append(b);
      return li;
    }));
  }
  function proofLine() {
    const t = head.tiers[0];
    $("proof").textContent = !t ? "" : head.optimal ? say("已证明为最优", "proven best") : say(`未证明为最优，差距 ${t.proven_gap}`, `not proven best, gap ${t.proven_gap}`);
    $("crs").textContent = head.crs[lang()];
    document.title = head.title[lang()] + " - " + head.id;
  }
  function titles() {  // what a block of a picture says where it is pointed at: one text a language
    for (const each of document.querySelectorAll("title[data-en]")) each.textContent = each.dataset[lang()];
  }
  function everything() { titles(); proofLine(); legend(); selects(); draw(); platforms(); tell(); }
  async function check() {
    const verdict = $("verdict"), names = { plan: "plan.json", case: "case.json", offers: "offers.jsonl.gz", proof: "proof.json" }, files = {};
    verdict.className = ""; verdict.textContent = say("正在验证……", "Checking …");
    for (const [key, name] of Object.entries(names)) {
      const inside = $("file-" + key), outside = $("files") && [...$("files").files].find((f) => f.name === name);
      if (inside) { const raw = landoptDecode.unbase85(inside.textContent); files[key] = key === "offers" ? raw : await landoptDecode.gunzip(raw); }
      else if (outside) files[key] = new Uint8Array(await outside.arrayBuffer());
      else { verdict.className = "no"; verdict.textContent = say("缺少文件：", "Missing: ") + name; return; }
    }
    const found = await landoptVerify.verify(files);
    let same = false;
    try { same = JSON.parse(new TextDecoder().decode(files.plan)).plan_hash === head.hash; } catch (e) { same = false; }
    verdict.className = found.holds && same ? "yes" : "no";
    verdict.textContent = !found.holds ? say("不成立：", "Does not hold: ") + found.problem
      : !same ? say("成立，但不是本页所示的方案。", "Holds, but for another plan than this page shows.")
      : say("成立：", "Holds: ") + found.tiers.map((t) => say(`目标 ${t.objective}，上界 ${t.bound}，差距 ${t.proven_gap}`, `objective ${t.objective}, bound ${t.bound}, gap ${t.proven_gap}`)).join("; ") + say(`（核对合法供应方案 ${found.offers} 个）。已核对：${found.checked.zh}。视为已知：${found.given.zh}。`, ` (${found.offers} offers checked). Checked: ${found.checked.en}. Taken as given: ${found.given.en}.`);
  }

  document.addEventListener("click", (e) => {
    const b = e.target.closest && e.target.closest("button");
    if (!b) return;
    const d = b.dataset;
    if (d.parcel !== undefined) pick(Number(d.parcel), "list");
    else if (d.platform !== undefined) { chosenPlatform = Number(d.platform); shown = "platform"; const s = sitesOf.get(chosenPlatform); if (s) { chosen = s[0]; built.map.fitBounds(built.layers[s[0]].getBounds().pad(2.2), { maxZoom: 1, animate: false }); } draw(); platforms(); tell(); }
    else if (d.method) { off.has(d.method) ? off.delete(d.method) : off.add(d.method); legend(); draw(); }
    else if (d.view) { view = d.view; b.parentNode.querySelectorAll("button").forEach((o) => o.setAttribute("aria-pressed", String(o === b))); draw(); }
    else if (d.served) { served = d.served; b.parentNode.querySelectorAll("button").forEach((o) => o.setAttribute("aria-pressed", String(o === b))); platforms(); }
    else if (d.tab) { for (const o of document.querySelectorAll("[data-tab]")) { o.setAttribute("aria-selected", String(o === b)); $("pane-" + o.dataset.tab).hidden = o !== b; } if (d.tab === "charts") $("pane-parcels").hidden = false; platforms(); }
  });
  for (const id of ["f-district", "f-use", "f-platform", "f-rule", "f-verdict"]) $(id).addEventListener("change", draw);
  $("f-period").addEventListener("input", () => { selects(); draw(); });
  let typing;
  $("find").addEventListener("input", () => { clearTimeout(typing); typing = setTimeout(draw, 120); });
  $("find").addEventListener("keydown", (e) => { if (e.key === "Enter") { clearTimeout(typing); draw(); const first = $("list").querySelector("button"); if (first) first.click(); } });
  $("clear").addEventListener("click", () => { for (const id of ["f-district", "f-use", "f-platform", "f-rule", "f-verdict", "find"]) $(id).value = ""; $("f-period").value = 0; selects(); off.clear(); view = "all"; document.querySelectorAll("[data-view]").forEach((o) => o.setAttribute("aria-pressed", String(o.dataset.view === "all"))); legend(); draw(); });
  $("list").addEventListener("keydown", (e) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[e.key], all = [...$("list").querySelectorAll("button")], at = all.indexOf(document.activeElement);
    if (step && at >= 0 && all[at + step]) { e.preventDefault(); all[at + step].focus(); }
  });
  $("whole").addEventListener("click", () => { shown = "whole"; chosen = -1; built.map.fitBounds(built.all, { padding: [24, 24], animate: false }); draw(); tell(); });
  $("lang").addEventListener("click", () => { document.documentElement.lang = lang() === "zh" ? "en" : "zh"; everything(); });
  $("print").addEventListener("click", () => window.print());
  if ($("compare")) $("compare").addEventListener("click", () => { comparing = !comparing; $("compare").setAttribute("aria-pressed", String(comparing)); if (comparing && shown !== "parcel") shown = "whole"; draw(); tell(); });
  $("stands").hidden = !head.stands;
  $("stands").addEventListener("click", () => { standing = !standing; $("stands").setAttribute("aria-pressed", String(standing)); legend(); draw(); });
  $("verify").addEventListener("click", () => $("verifier").showModal());
  $("verify-close").addEventListener("click", () => $("verifier").close());
  if ($("files")) $("files").addEventListener("change", check);
  if ($("verify-here")) $("verify-here").addEventListener("click", check);
  const refit = () => { const b = chosen >= 0 ? built.map.getBounds() : built.all; built.map.invalidateSize({ animate: false }); if (b.isValid()) built.map.fitBounds(b, { animate: false }); draw(); };
  window.matchMedia("print").addEventListener("change", refit);
  window.addEventListener("afterprint", refit);
  everything();
  document.documentElement.dataset.ready = String(Math.round(performance.now()));
})();
