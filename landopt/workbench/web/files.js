/* The round's files: how they were understood, what is wrong with them, and correcting it on the record. */
import { post, upload } from "./net.js";
import { ask, button, field, finding, h, iAm, lang, t, trouble, typed, who } from "./say.js";
import { now, readOnly, refresh, show, step } from "./main.js";
import { chosen } from "./picture.js";
import { correct } from "./facts.js";
import { fileInput } from "./inputs.js";
import * as columns from "./columns.js";
import { ROLES } from "./rounds.js";

export async function draw() {
  const box = h("div", { class: "page wide" }, h("h2", {}, t("files.title")), h("p", { class: "hint" }, t("files.folder", { folder: now.room.folder })));
  const found = await post("/api/ask/round/check", [now.room.name], {});
  const levels = ["error", "warning", "note"].map((l) => [l, found.issues.filter((i) => i.level === l)]);
  box.append(h("p", { id: "files-said", class: "verdict " + (found.refused ? "bad" : "good") }, found.refused ? t("files.refused") : t("files.good", { parcels: found.parcels, demands: found.demands })),
    found.refused ? "" : button(t("files.decide"), () => show("decide").catch(trouble), { id: "to-decide", class: "go narrow" }),
    h("h3", {}, t("files.understood")), h("ul", { class: "plain", id: "understood" }, found.notes.map((n) => h("li", {}, n[lang()]))), await columns.draw(), readOnly() ? "" : another(),
    ...levels.filter(([, all]) => all.length).map(([level, all]) => h("section", { id: "found-" + level }, h("h3", {}, t("files." + level + "s", { count: all.length })), all.slice(0, 200).map((i) => h("div", { class: "row top" }, h("div", { class: "grow" }, finding(i)), h("div", { class: "ids" }, (/^[PLD]/.test(i.code) ? i.ids : []).slice(0, 12).map((id) => one(id, i))))))),
    typed(`landopt check ${now.room.folder}`));
  return box;
}
/* Another file for a role: it is copied beside those the round has. */
function another() {
  const role = h("select", { id: "role", "aria-label": t("files.role") }, ROLES.map((r) => h("option", { value: r }, t("role." + r))));
  const layer = h("input", { id: "layer", maxlength: 60 }), said = h("small", {}, t("new.none"));
  let chosen = null;
  const input = fileInput("another", t("files.another"), (given) => { chosen = given; said.textContent = given?.name || t("new.none"); });
  const put = async () => {
    if (!chosen) return;
    const file = await upload("/api/upload/file", [], chosen);
    await post("/api/do/file", [now.room.name], { role: role.value, layer: layer.value, file });
    await refresh();
  };
  return h("details", { id: "more-file" }, h("summary", {}, t("files.another-role")), h("div", { class: "grid-form" }, field(t("files.role"), role), field(t("files.layer"), layer, t("files.layer-note")), h("div", { class: "field" }, h("span", {}, t("files.another")), h("div", { class: "row" }, input, said)), h("div", { class: "row" }, button(t("files.put"), () => put().catch(trouble), { id: "put" }))));
}
function one(id, issue) {
  const of = issue.code.startsWith("D") ? "demand" : "parcel";
  return h("span", { class: "row" }, of === "parcel" ? button(id, () => { chosen.parcel = id; show("decide").catch(trouble); }, { class: "link" }) : h("span", {}, id),
    readOnly() || issue.level === "note" ? "" : [button(t("facts.correct"), () => correct(of, id).catch(trouble), { class: "quiet", "data-correct": id }), of === "parcel" ? button(t("sheet.drop"), () => drop(id).catch(trouble), { class: "quiet" }) : ""]);
}
async function drop(id) {
  const given = await ask(t("drop.head", { parcel: id }), [{ name: "reason", label: t("reason"), required: true, most: 500 }, { name: "by", label: t("by"), required: true, value: who(), most: 80 }], t("sheet.drop"));
  if (!given) return;
  iAm(given.by);
  await step({ do: "drop", parcel: id, reason: given.reason, by: given.by });
}
