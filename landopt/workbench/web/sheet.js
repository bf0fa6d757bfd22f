/* The sheet of what was clicked: its reasons and comparisons, why not another choice, and fixing one by hand. */
import { ask, button, finding, h, iAm, lang, own, prose, signed, t, tell, trouble, typed, who } from "./say.js";
import { post } from "./net.js";
import { filed, late, lateFile, placed, ways as serveWays } from "./applicant.js";
import { table } from "./facts.js";
import { about, jobsOf, now, planKey, planLine, readOnly, step, tab, work } from "./main.js";
import { chosen, clear, demandOf, factsOf, isHeld, methodWord, nameOf, platforms } from "./picture.js";

let place = null, drawing = 0, head_ = null;

/* What the sheet shows stays on it, opened parts and all, while plan, steps and choice stay as they are. */
const subject = () => JSON.stringify([now.room.name, planKey(), planKey() ? planLine().stamp : now.room.filed, now.scenario, tab()?.version, chosen.parcel, chosen.platform, lang(), readOnly()]);
let shown = null;
export async function draw(box) {
  if (!box) return;
  if (shown === subject() && place && !place.querySelector(".loading")) {
    const down = place.scrollTop;
    if (box !== place) { box.replaceChildren(...place.childNodes); place = box; }
    requestAnimationFrame(() => { box.scrollTop = down; });
    job();
    return;
  }
  place = box;
  shown = subject();
  const mine = ++drawing;
  if (chosen.parcel) await parcel(chosen.parcel, mine);
  else if (chosen.platform) await platform(chosen.platform, mine);
  else await whole(mine);
}
function put(mine, ...content) {
  if (mine !== drawing) return;
  place.replaceChildren(...content.flat(Infinity).filter(Boolean));
  place.scrollTop = 0;
  job();
}

async function whole(mine) {
  if (!planKey()) { put(mine, h("h2", {}, t("sheet.round")), h("p", { class: "hint" }, t("sheet.none")), filed()); return; }
  put(mine, h("h2", {}, t("sheet.whole")), h("p", { class: "hint loading" }, t("loading")));
  const [said, head] = await Promise.all([about("sheet"), about("head")]);
  const names = platforms().filter((p) => !p.site && p.record >= 0);
  head_ = head;
  put(mine, h("h2", {}, t("sheet.whole")), head.scenario.length ? h("p", { class: "stale" }, t("sheet.scenario")) : "", h("div", { class: "row" }, button(t("late.head"), () => late().catch(trouble), { id: "late" }), lateFile()), h("div", { id: "exact" }), filed(), prose(said.text[lang()]),
    names.length ? h("h3", {}, t("sheet.unserved", { count: names.length })) : "", h("ul", { class: "links" }, names.map((p) => h("li", {}, button(p.id + " " + own(p.name), () => { chosen.platform = p.id; chosen.parcel = null; draw(place).catch(trouble); }, { class: "link", "data-platform": p.id })))));
}
async function platform(id, mine) {
  put(mine, h("h2", {}, id), h("p", { class: "hint loading" }, t("loading")));
  const [said, head] = await Promise.all([about("sheet", { demand: id }), about("head")]);
  head_ = head;
  put(mine, back(), h("h2", {}, id), h("div", { class: "row" }, button(t("place.go"), () => work("/api/ask/start/place", { plan: planKey(), demand: id }).catch(trouble), { id: "place" }), button(t("serve.go"), () => work("/api/ask/start/serve", { plan: planKey(), demand: id }).catch(trouble), { id: "serve" })), h("div", { id: "exact" }), prose(said.text[lang()]), now.room.plan_only ? "" : factsOfFile("demand", id));
}
const back = () => button(t("sheet.back"), clear, { class: "quiet", id: "back" });

async function parcel(id, mine) {
  const facts = h("table", { class: "facts" }, factsOf(id).map(([k, v]) => h("tr", {}, h("th", { scope: "row" }, k), h("td", {}, v))));
  const headline = [back(), h("h2", { id: "sheet-title" }, nameOf(id)), facts];
  const dropped = tab()?.drops[id], tools = readOnly() || !planKey() ? "" : h("div", { class: "row" },
    dropped ? button(t("sheet.undrop"), () => step({ do: "undrop", parcel: id, by: who() }).catch(trouble)) : button(t("sheet.drop"), () => drop(id).catch(trouble), { id: "drop" }));
  if (!planKey()) { put(mine, headline, h("p", { class: "hint" }, t("sheet.none"))); return; }
  put(mine, headline, h("p", { class: "hint loading" }, t("loading")));
  const [said, why] = await Promise.all([about("sheet", { parcel: id }), about("whynot", { parcel: id })]);
  const fixed = Object.entries(tab()?.fixes || {}).find(([site]) => site.split("+").includes(id));
  put(mine, headline, fixed ? h("p", { class: "stale" }, t("sheet.fixed", { method: methodWord(fixed[1].method), by: fixed[1].by, reason: fixed[1].reason }), " ", readOnly() ? "" : button(t("sheet.unfix"), () => step({ do: "unfix", site: fixed[0], by: who() }).catch(trouble))) : "",
    tools, h("h3", {}, t("whynot.title")), ways(id, why), h("div", { id: "exact" }), h("h3", {}, t("sheet.reasons")), prose(said.text[lang()]), now.room.plan_only ? "" : factsOfFile("parcel", id));
}
/* Read when they are opened: the files of the round, not the plan. */
function factsOfFile(of, id) {
  const box = h("details", { class: "more-facts" }, h("summary", {}, t("facts.title")));
  box.addEventListener("toggle", async () => {
    if (!box.open || box.dataset.read) return;
    box.dataset.read = "1";
    try { box.append(await table(of, id)); } catch (e) { trouble(e); }
  });
  return box;
}
function ways(id, why) {
  return h("table", { class: "ways" }, h("tbody", {}, why.replies.map((r) => {
    const told = h("tr", { class: "told", hidden: true }, h("td", { colspan: 3 }, prose(r.text[lang()])));
    const say = r.state === "lawful" ? lawful(r) : r.state === "chosen" ? t("whynot.chosen") : t("whynot.state-" + r.state);
    const open = button(methodWord(r.method), () => { told.hidden = !told.hidden; open.setAttribute("aria-expanded", String(!told.hidden)); }, { class: "link", "aria-expanded": "false", "data-way": r.method });
    const tools = r.state === "lawful" ? [button(t("whynot.exact"), () => exact(id, r), { class: "quiet", "data-exact": r.method }), readOnly() ? "" : button(t("sheet.fix"), () => fix(id, r).catch(trouble), { class: "quiet", "data-fix": r.method })]
      : r.state === "chosen" && !readOnly() ? [button(t("sheet.keep"), () => fix(id, r).catch(trouble), { class: "quiet", "data-fix": r.method })] : "";
    return [h("tr", { class: "way-" + r.state }, h("td", {}, open), h("td", {}, say), h("td", { class: "tools" }, tools)), told];
  })));
}
function lawful(r) {
  if (r.fits === false) return t("whynot.unfit");
  const said = r.loss === null ? t("whynot.lawful") : r.loss[0] === 0 ? t("whynot.no-loss") : t("whynot.loss", { loss: signed(-r.loss[0]) });
  return r.fits ? said : t("whynot.untested", { said });
}
async function fix(id, reply) {
  const now_ = demandOf(id), options = [["", t("market")], ...platforms().map((p) => [p.id, (p.id + " " + own(p.name)).slice(0, 60)])];
  const given = await ask(t("fix.head", { parcel: nameOf(id), method: methodWord(reply.method) }), [
    { name: "demand", label: t("column.platform"), options, value: reply.demand || (isHeld(id) ? "" : now_ || "") },
    { name: "reason", label: t("reason"), required: true, most: 500 }, { name: "by", label: t("by"), required: true, value: who(), most: 80 }], t("sheet.fix"));
  if (!given) return;
  iAm(given.by);
  await step({ do: "fix", site: id, method: reply.method, demand: given.demand, reason: given.reason, by: given.by });
  tell(h("p", {}, t("fix.done")));
}
async function drop(id) {
  const given = await ask(t("drop.head", { parcel: nameOf(id) }), [{ name: "reason", label: t("reason"), required: true, most: 500 }, { name: "by", label: t("by"), required: true, value: who(), most: 80 }], t("sheet.drop"));
  if (!given) return;
  iAm(given.by);
  await step({ do: "drop", parcel: id, reason: given.reason, by: given.by });
}
async function exact(id, reply) {
  try { await work("/api/ask/start/exact", { plan: planKey(), parcel: id, demand: reply.demand, method: reply.method }); if (chosen.parcel === id) job(null); } catch (e) { trouble(e); }
}
function exactly(what, id) {
  const mine = jobsOf(what).filter((j) => (what === "whynot" ? j.scenario.split("+")[0] : j.scenario) === id), last = mine[mine.length - 1];
  if (!last) return null;
  const text = last.state === "done" && (what === "whynot" ? last.answer.replies?.[0]?.text?.[lang()] : what === "place" ? placed(last.answer) : serveWays(last.answer, head_));
  const close = () => post("/api/ask/stop", [], { job: last.job }).catch(trouble);
  return h("div", { class: "exact", "data-about": what }, h("h4", {}, t(what === "place" ? (id ? "place.go" : "late.head") : what === "serve" ? "serve.go" : "whynot.exact")), last.state === "running" ? h("div", { class: "row" }, h("span", { class: "busyline", role: "status" }, t("solve.running")), button(t("solve.stop"), close, { class: "quiet" })) : typeof text === "string" ? prose(text) : text || (last.state === "stopped" ? h("p", { class: "hint" }, t("sheet.stopped")) : (last.answer.issues || []).map(finding)), typed(last.typed));
}
export function job() {
  const box = place?.querySelector("#exact");
  const said = chosen.parcel ? [exactly("whynot", chosen.parcel)] : chosen.platform ? [exactly("place", chosen.platform), exactly("serve", chosen.platform)] : [exactly("place", "")];
  if (box) box.replaceChildren(...said.filter(Boolean));
}
