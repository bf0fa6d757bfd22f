/* How the files are read, by choosing: code system, encoding, CRS; which column each fact is, and its unit. What is chosen
   is kept together, by one button, as keys of round.toml: a key pressed in a list is not yet a decision. */
import { post } from "./net.js";
import { both, button, field, finding, h, t, tell, trouble } from "./say.js";
import { now, readOnly, refresh } from "./main.js";

let room = null, wanted = {}, sources = {}, chosen = new Map(); // what was chosen and is not kept yet

export async function draw() {
  if (room !== now.room.name) { room = now.room.name; wanted = {}; sources = {}; chosen = new Map(); }
  let found = { tables: [] }, issues = [];
  try { found = await post("/api/ask/round/columns", [now.room.name], {}); } catch (e) { if (!e.issues) throw e; issues = e.issues; }
  const own = now.room.inputs || {}, set = Object.keys(own.columns || {}).length + Object.keys(own.units || {}).length;
  return h("section", { class: "panel", id: "reading", "aria-label": t("columns.title") }, h("h3", {}, t("columns.title")), h("p", { class: "hint" }, t("columns.hint")),
    readOnly() ? "" : settings(), ...found.tables.map(table), ...issues.map(finding),
    readOnly() ? "" : h("div", { class: "row bar" }, button(t("columns.keep"), () => keep({ ...wanted, ...changes(found) }).catch(trouble), { class: "go", id: "columns-keep", disabled: !Object.keys(wanted).length && !Object.keys(sources).length && !chosen.size }),
      set ? button(t("columns.reset"), () => keep({ columns: null, units: null }).catch(trouble), { class: "quiet", id: "columns-reset" }) : ""));
}
async function keep(changes) {
  await post("/api/do/columns", [now.room.name], changes);
  wanted = {}; sources = {}; chosen = new Map();
  tell(h("p", {}, t("columns.kept")));
  for (const d of document.querySelectorAll("#reading details")) d.open = false;
  await refresh();
  document.querySelector("#to-decide, #files-said")?.scrollIntoView({ block: "center" }); // what came of it, and the way on
}
function want(part, name, value) {
  if (part === "columns") chosen.set(name, value); else if (part) wanted[part] = { ...wanted[part], [name]: value }; else wanted[name] = value;
  touched();
}
function touched() { const go = document.getElementById("columns-keep"); if (go) go.disabled = false; }
/* The same of one file: records, a layer, the platforms. */
function wantOf(role, name, value) { sources[role] = { ...sources[role], [name]: value }; touched(); }
const MAIN = { parcel: "parcels", demand: "demands" };
const roleOf = (of) => MAIN[of] || of;
const saidOf = (of) => (of in MAIN ? now.room.inputs?.columns : (of === "records" ? now.room.inputs?.records : now.room.inputs?.layers?.[of])?.columns) || {};
const ENCODINGS = ["UTF-8", "GB18030", "GBK", "Big5"].map((e) => [e, e]);
const zones = () => [["EPSG:4490", "CGCS2000"], ...Array.from({ length: 21 }, (_, i) => [`EPSG:${4513 + i}`, t("files.zone", { zone: 25 + i })])];
function source(of, name, options, own) {
  const role = roleOf(of), value = sources[role]?.[name] ?? own ?? "";
  if (value && !options.some(([v]) => v === value)) options.push([value, value]);
  const select = h("select", { id: `setting-${role}-${name}`, "data-setting": `${role}.${name}` }, h("option", { value: "" }, t("files.by-itself")), options.map(([v, text]) => h("option", { value: v, selected: v === value }, text)));
  select.addEventListener("change", () => wantOf(role, name, select.value));
  return field(t("files.own-" + name), select);
}
function ownSettings(found) {
  if (readOnly() || found.of === "parcel") return "";
  const own = found.of === "demand" ? now.room.inputs?.demands || {} : found.set;
  return h("div", { class: "grid-form" }, source(found.of, "encoding", [...ENCODINGS], own.encoding), ["demand", "records"].includes(found.of) ? "" : source(found.of, "crs", zones(), own.crs));
}
/* What the files do not say themselves. */
function settings() {
  const choice = (name, options) => {
    const own = wanted[name] ?? now.room.inputs?.[name] ?? "";
    const select = h("select", { id: "setting-" + name, "data-setting": name }, h("option", { value: "" }, t("files.by-itself")), options.map(([value, text]) => h("option", { value, selected: value === own }, text)));
    select.addEventListener("change", () => want(null, name, select.value));
    return field(t("files." + name), select);
  };
  const crs = zones();
  const own = now.room.inputs?.crs;
  if (own && !crs.some(([value]) => value === own)) crs.push([own, own]);
  return h("div", { class: "grid-form" }, choice("use_codes", ["planning-2023", "gbt21010-2017", "gb50137-2011", "landopt"].map((c) => [c, t("codes." + c)])), choice("encoding", ENCODINGS), choice("crs", crs));
}
function table(found) {
  const titles = new Map(found.fields.map((f) => [f.name, f]));
  const missing = (found.missing || []).map((name) => titleOf(titles.get(name)));
  const said = h("summary", {}, h("b", {}, t("role." + roleOf(found.of))), " ", [found.file, found.layer, found.crs].filter(Boolean).join(" · "), missing.length ? h("span", { class: "badge warn" }, t("columns.missing", { fields: missing.join(t("columns.and")) })) : "");
  return h("details", { class: "heads", id: "columns-" + found.of, open: missing.length > 0 || Boolean(found.issues?.length && !found.columns.length) }, said, ownSettings(found),
    found.columns.length ? h("table", { class: "grid" }, h("thead", {}, h("tr", {}, ["heading", "values", "field", "unit"].map((c) => h("th", { scope: "col" }, t("columns." + c))))), h("tbody", {}, found.columns.map((c) => row(c, found, titles)))) : (found.issues || []).map(finding));
}
function row(c, found, titles) {
  const id = "column-" + found.of + "-" + found.columns.indexOf(c);
  const options = [["", t("columns.none")], ...found.fields.map((f) => [f.name, titleOf(f) + (f.required ? " *" : "")])];
  const units = h("td", {}), tr = h("tr", {});
  const select = h("select", { id, disabled: readOnly(), "aria-label": t("columns.field") + " " + c.shown, "data-column": c.name }, options.map(([value, text]) => h("option", { value, selected: value === (chosen.get(found.of + " " + c.name) ?? c.field) }, text)));
  const show = () => { tr.className = select.value ? "" : "off"; units.replaceChildren(unit(select.value, c, titles.get(select.value), id, found.of)); };
  select.addEventListener("change", () => { want("columns", found.of + " " + c.name, select.value); show(); });
  tr.append(h("th", { scope: "row" }, c.shown), h("td", { class: "examples" }, c.values.join(t("columns.and"))), h("td", {}, select, c.field && c.field !== c.alone ? h("span", { class: "badge" }, t("columns.chosen")) : ""), units);
  show();
  return tr;
}
const UNIT = { 亿元: "yi", "10k_yuan": "wan", "yuan/m2": "yuan-m2", "yuan/mu": "yuan-mu", "10k_yuan/mu": "wan-mu", "10k_yuan/ha": "wan-ha" };
const unitWord = (name) => { const key = "columns.u-" + (UNIT[name] || name), said = t(key); return said === key ? name : said; };
const titleOf = (f) => (f.title ? both(f.title) : t("columns.f-" + f.name));
function unit(name, c, f, id, of) {
  if (!f?.units.length) return "";
  const own = name === c.field && c.unit ? c.unit : f.unit, all = f.units.includes(own) ? f.units : [own, ...f.units];
  const select = h("select", { id: id + "-unit", disabled: readOnly(), "aria-label": t("columns.unit") + " " + c.shown, "data-unit": name }, all.map((value) => h("option", { value, selected: value === own }, unitWord(value))));
  select.addEventListener("change", () => { if (of in MAIN) want("units", name, select.value); else wantOf(of, "units", { ...sources[of]?.units, [name]: select.value }); });
  return select;
}
/* What is kept of the choices: the field named takes the column; one that took it before, or that its heading would say, lets it go. */
function changes(found) {
  const columns = {}, all = structuredClone(sources);
  for (const table of found.tables) {
    const said = saidOf(table.of), mine = table.of in MAIN ? columns : {};
    const moved = table.columns.map((c) => [c, chosen.get(table.of + " " + c.name)]).filter(([c, name]) => name !== undefined && name !== c.field);
    for (const [c] of moved) for (const f of table.fields) if (said[f.name] === c.name) mine[f.name] = null;
    for (const [c, name] of moved) {
      if (name) mine[name] = name === c.alone && !(name in said) ? null : c.name;
      else mine[c.alone || c.field] = "";
    }
    if (!(table.of in MAIN) && Object.keys(mine).length) all[table.of] = { ...all[table.of], columns: mine };
  }
  return { ...(Object.keys(columns).length ? { columns } : {}), ...(Object.keys(all).length ? { sources: all } : {}) };
}
