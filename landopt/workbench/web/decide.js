/* The pane of decisions: amounts on the left, map and table in the middle, the sheet on the right. */
import { post } from "./net.js";
import { button, h, lang, percent, points, t, trouble, typed } from "./say.js";
import { jobsOf, now, planLine, readOnly, tab, work } from "./main.js";
import * as limits from "./limits.js";
import * as history from "./history.js";
import * as picture from "./picture.js";
import * as sheet from "./sheet.js";

let bar = null;

export async function draw(box) {
  const left = h("section", { class: "side", "aria-label": t("decide.left") });
  const middle = h("section", { class: "middle", "aria-label": t("decide.map") });
  const right = h("aside", { class: "sheet", id: "sheet", "aria-label": t("decide.sheet"), "aria-live": "polite", tabindex: 0 });
  bar = h("div", { class: "solve" });
  const amounts = h("div", { class: "scroll" });
  left.append(bar, amounts);
  solveBar();
  const [pictured] = await Promise.all([picture.load(), limits.draw(amounts)]);
  if (!now.room.plan_only) history.draw(amounts);
  await soon(sheet.draw(right));
  middle.append(...pictured());
  box.append(left, middle, right);
}
/* What is known is drawn with the rest; what takes longer (the reasons of a large plan) comes into its place. */
async function soon(coming) {
  let waited = false;
  coming.catch((e) => { if (waited) trouble(e); });
  await Promise.race([coming, new Promise((done) => { setTimeout(() => { waited = true; done(); }, 400); })]);
}
export function drawn() { picture.shown(); limits.warm(); }

export async function solve() {
  try { await work("/api/do/solve", { scenario: now.scenario }); } catch (e) { trouble(e); }
}
function command() { return now.scenario ? tab()?.solve : now.room.solve; }
function lineOf(job) {
  const last = job.lines[job.lines.length - 1];
  if (job.state === "running") return last ? last[lang()] || last.en : t("solve.starting");
  return "";
}
export function solveBar() {
  if (!bar) return;
  const jobs = jobsOf("solve", now.scenario), job = jobs[jobs.length - 1], running = job?.state === "running";
  const line = planLine(), changed = stale();
  const buttons = readOnly() ? [] : running
    ? [button(t("solve.stop"), () => post("/api/ask/stop", [], { job: job.job }).catch(trouble), { class: "stop", id: "stop" }),
      button(t("solve.keep"), () => post("/api/ask/stop", [], { job: job.job, keep: true }).catch(trouble), { id: "keep" })]
    : [button(line ? t("solve.again") : t("solve.go"), solve, { class: "go", id: "solve" })];
  const result = line && !line.torn ? h("div", { class: "result" },
    h("strong", {}, points(line.objective)), h("span", {}, Number(line.gap) === 0 ? t("plan.proven") : t("plan.gap", { gap: percent(line.gap) })),
    h("small", {}, t("plan.counts", { supplied: line.supplied, held: line.held, unserved: line.unserved })),
    line.adopted?.length ? h("span", { class: "badge good" }, t("plan.adopted", { document: line.adopted[0].document })) : "") : h("p", { class: "hint" }, t("plan.none"));
  const ended = job && !running && job.state !== "done" ? problems(job) : null;
  bar.replaceChildren(...[result, changed && !running ? h("p", { class: "stale" }, t("plan.stale")) : null, h("div", { class: "row" }, ...buttons),
    running ? h("div", { class: "progress", role: "progressbar", "aria-label": t("solve.running"), "aria-valuetext": lineOf(job) }, h("span", { class: "busy" }), h("span", { id: "progress" }, lineOf(job))) : null,
    ended, readOnly() ? null : typed(command())].filter(Boolean));
}
function problems(job) {
  if (job.state === "stopped") return h("p", { class: "hint", id: "stopped" }, t("solve.stopped"));
  return h("div", { class: "problems" }, ...(job.answer.issues || []).map((issue) => {
    const said = issue[lang()] || issue.en;
    return h("div", { class: "finding " + issue.level, role: "alert" }, h("p", {}, h("b", {}, issue.code), " ", said.what), said.where ? h("p", { class: "where" }, said.where) : "", said.maybe ? h("p", { class: "maybe" }, t("advice"), said.maybe) : "");
  }));
}
/* Whether the plan shown was made before the last step of its scenario. */
function stale() {
  const line = planLine(), own = tab();
  if (!line || !own || !own.steps.length) return false;
  return line.key === "s:" + own.name && Date.parse(own.steps[own.steps.length - 1].at) / 1000 > line.made;
}
export function job(each) {
  if (each.what === "solve" && each.room === now.room?.name) {
    const place = document.getElementById("progress");
    if (each.state === "running" && place && each.scenario === now.scenario) place.textContent = lineOf(each);
    else solveBar();
  }
  if (["whynot", "place", "serve"].includes(each.what)) sheet.job();
}
