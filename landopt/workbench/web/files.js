/* The round's files: how they were understood, and what is wrong with them, by parcel. */
import { post } from "./net.js";
import { ask, button, finding, h, iAm, lang, t, trouble, typed, who } from "./say.js";
import { now, readOnly, show, step } from "./main.js";
import { chosen } from "./picture.js";

export async function draw() {
  const box = h("div", { class: "page wide" }, h("h2", {}, t("files.title")), h("p", { class: "hint" }, t("files.folder", { folder: now.room.folder })));
  const found = await post("/api/ask/round/check", [now.room.name], {});
  const levels = ["error", "warning", "note"].map((l) => [l, found.issues.filter((i) => i.level === l)]);
  box.append(h("p", { id: "files-said", class: "verdict " + (found.refused ? "bad" : "good") }, found.refused ? t("files.refused") : t("files.good", { parcels: found.parcels, demands: found.demands })),
    h("h3", {}, t("files.understood")), h("ul", { class: "plain", id: "understood" }, found.notes.map((n) => h("li", {}, n[lang()]))),
    ...levels.filter(([, all]) => all.length).map(([level, all]) => h("section", {}, h("h3", {}, t("files." + level + "s", { count: all.length })), all.slice(0, 200).map((i) => h("div", { class: "row top" }, h("div", { class: "grow" }, finding(i)), h("div", { class: "ids" }, (/^[PL]/.test(i.code) ? i.ids : []).slice(0, 12).map((id) => one(id, i))))))),
    typed(`landopt check ${now.room.folder}`));
  return box;
}
function one(id, issue) {
  return h("span", { class: "row" }, button(id, () => { chosen.parcel = id; show("decide").catch(trouble); }, { class: "link" }), readOnly() || issue.level === "note" ? "" : button(t("sheet.drop"), () => drop(id).catch(trouble), { class: "quiet" }));
}
async function drop(id) {
  const given = await ask(t("drop.head", { parcel: id }), [{ name: "reason", label: t("reason"), required: true, most: 500 }, { name: "by", label: t("by"), required: true, value: who(), most: 80 }], t("sheet.drop"));
  if (!given) return;
  iAm(given.by);
  await step({ do: "drop", parcel: id, reason: given.reason, by: given.by });
}
