"""``docs/templates.md``: the Word templates and every place that can be filled, made from their list."""

from __future__ import annotations

from landopt.report.papers.templates.fields import about, explained, names
from landopt.report.papers.templates.refuse import FIELDS

_HEAD = """# Word templates 文书模板

```
landopt report --templates my-templates --lang zh          write the shipped templates
landopt report my-round/plan --docx --template-dir my-templates
```

The papers are made from Word templates. Write the shipped ones out, edit them in Word (letterhead, fonts, wording,
order, rows), and give them back: by `--template-dir`, or as the folder `templates` beside `round.toml`. A template that
is not there is the shipped one. PDF is landopt's own layout and takes no template.

文书由 Word 模板生成。写出随附模板，在 Word 中改版头、字体、文字、顺序和行，再以 `--template-dir` 或轮次文件夹中的
`templates` 文件夹给回。缺少的模板用随附的。

A place is two braces, a name, two braces; either of its two names may be used in any template. It is filled with text:
**nothing is evaluated**, a name that is not in the list below is an error that says so, and so is a *needed* one that
is missing. A table row whose places are all empty for a site is left out. The places of one site cannot stand in
headers and footers. A place for *blocks* (text, tables) is alone in its paragraph, and laid out in the styles named
`landopt ...`.

Refused by name, without reading further: macros, embedded objects (OLE), ActiveX, anything outside the file (linked
pictures, attached templates, hyperlinks), other documents taken in, mail merge, bound content controls, comments,
embedded fonts, document types and entities, parts of other kinds, archives with paths upwards, doubled names or bombs,
and every field but {fields};
a field within a field too (DDE, INCLUDETEXT, INCLUDEPICTURE, LINK, MACROBUTTON never).
"""


def page() -> str:
    """``docs/templates.md`` as it should be."""
    lines = [_HEAD.format(fields=", ".join(f"`{name}`" for name in sorted(FIELDS)))]
    rows = explained("en")
    for template in ("whole", *names()):
        zh, en = (
            ("各模板通用", "any template") if template == "whole" else (about(template, "zh"), about(template, "en"))
        )
        title = zh if template == "whole" else f"{template}.docx {zh}"
        lines += [f"## {title}", f"{en[:1].upper()}{en[1:]}.", "", "| place | 填写处 | |", "|---|---|---|"]
        lines += [
            f"| `{{{{{name}}}}}` | `{{{{{other}}}}}` | {said} |" for of, name, other, said in rows if of == template
        ]
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"
