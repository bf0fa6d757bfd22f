/* The first page: the rounds of the folder, and a new one from files that are dropped in. */
import { post, upload } from "./net.js";
import { both, button, field, finding, h, lang, t, tell, trouble } from "./say.js";
import { dateInput, fileInput } from "./inputs.js";
import { home, now, open } from "./main.js";

const FIRST = ["parcels", "demands", "records"];
const LAYERS = ["permanent_basic_farmland", "ecological_red_line", "ecological_red_line_core", "urban_boundary", "industrial_block", "zones", "points"];
export const ROLES = [...FIRST, ...LAYERS];
let made = { name: "", as_of: new Date().toISOString().slice(0, 10), use_codes: "planning-2023", files: {}, names: {} };

export async function draw() {
  const rounds = now.state.rounds;
  return h("div", { class: "page wide" },
    h("h2", {}, t("rounds.title")), h("p", { class: "hint" }, t("rounds.folder", { folder: now.state.folder })),
    rounds.length ? h("ul", { class: "cards", id: "rounds" }, rounds.map((r) => h("li", {}, h("button", { type: "button", class: "card", "data-round": r.name, onclick: () => open(r.name).catch(trouble) },
      h("strong", {}, both(r.title)), h("span", {}, r.name), h("small", {}, [r.as_of ? t("rounds.as-of", { date: r.as_of }) : "", r.plan_only ? t("rounds.plan-only") : t("rounds.plans", { count: r.plans })].filter(Boolean).join(" · "))))))
      : h("p", {}, t("rounds.none")),
    now.state.read_only ? "" : fresh(),
    h("p", { class: "row" }, button(t("rounds.again"), () => home().catch(trouble), { class: "quiet" }), h("span", { class: "hint" }, t("rounds.version", { version: now.state.version }))));
}
function drop(role) {
  const said = h("small", { role: "status" }, made.names[role] || t("new.none"));
  const take = async (file) => {
    if (!file) return;
    said.textContent = t("new.sending", { name: file.name });
    try {
      made.files[role] = await upload("/api/upload/file", [], file);
      made.names[role] = t("new.taken", { name: file.name, size: Math.max(1, Math.round(file.size / 1000)).toLocaleString("en-US") });
    } catch (e) { delete made.files[role]; made.names[role] = ""; trouble(e); }
    said.textContent = made.names[role] || t("new.none");
  };
  const zone = h("div", { class: "drop" }, h("b", {}, t("role." + role)), h("div", { class: "row" }, fileInput("file-" + role, t("role." + role), take), said));
  zone.addEventListener("dragover", (e) => { e.preventDefault(); zone.classList.add("over"); });
  zone.addEventListener("dragleave", () => zone.classList.remove("over"));
  zone.addEventListener("drop", (e) => { e.preventDefault(); zone.classList.remove("over"); take(e.dataTransfer.files[0]); });
  return zone;
}
function fresh() {
  const set = (name) => (e) => { made[name] = e.target.value; };
  const form = h("form", { id: "new-round" },
    h("div", { class: "grid-form" },
      field(t("new.name"), h("input", { id: "new-name", value: made.name, required: true, maxlength: 40, oninput: set("name") }), t("scenario.name-note")),
      field(t("new.as-of"), dateInput({ id: "new-date", value: made.as_of, required: true }, (found) => { made.as_of = found; })),
      field(t("new.codes"), h("select", { id: "new-codes", onchange: set("use_codes") }, ["planning-2023", "gbt21010-2017", "gb50137-2011", "landopt"].map((c) => h("option", { value: c, selected: c === made.use_codes }, t("codes." + c)))), t("new.codes-note"))),
    h("div", { class: "drops" }, FIRST.map(drop)), h("details", {}, h("summary", {}, t("new.layers")), h("div", { class: "drops" }, LAYERS.map(drop))),
    h("div", { class: "row" }, h("button", { class: "go", id: "new-go" }, t("new.go")), button(t("new.workbook"), () => workbook().catch(trouble), { id: "workbook" }), button(t("new.example"), () => begin(true).catch(trouble), { id: "example" })),
    h("div", { id: "new-said", role: "status" }));
  form.addEventListener("submit", (e) => { e.preventDefault(); begin(false).catch(trouble); });
  return h("section", { class: "panel" }, h("h3", {}, t("new.title")), h("p", { class: "hint" }, t("new.hint")), form);
}
async function begin(example) {
  if (!document.getElementById("new-round").reportValidity()) return;
  const job = await post("/api/new", [], { ...made, names: undefined, lang: lang(), example });
  now.jobs.set(job.job, job);
  document.getElementById("new-said").replaceChildren(h("p", { class: "busyline" }, t("new.making")));
}
export function job(j) {
  if (j.what !== "new" || j.state === "running") return;
  const place = document.getElementById("new-said");
  if (j.state !== "done") { place?.replaceChildren(...(j.answer.issues || []).map(finding)); return; }
  const name = j.answer.name;
  made = { ...made, name: "", files: {}, names: {} };
  now.view = "files";
  home().then(() => { now.view = "files"; return open(name); }).catch(trouble);
  tell(h("p", {}, t("new.done", { name })));
}
async function workbook() {
  const found = await post("/api/ask/template", [], { lang: lang() });
  const raw = Uint8Array.from(atob(found.base64), (c) => c.charCodeAt(0));
  const link = h("a", { href: URL.createObjectURL(new Blob([raw])), download: found.name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}
