"""What is wrong with a command line: our own usage errors as sentences, those of the library by what it says."""

from __future__ import annotations

import click

from parcels.common.catalogue import FIRST, filled, find, foreign, freeze, languages, told

LANG = click.Choice(languages())
"""The languages there are texts in."""


class Wrong(click.BadParameter):
    """A usage error of ours: ``usage.KEY`` in the texts, with its values; exit 2."""

    def __init__(self, key: str, /, *, hint: str | None = None, **values: object) -> None:
        self.key, self.values = f"usage.{key}", freeze(values)
        super().__init__(self.said(FIRST), param_hint=hint)

    def said(self, lang: str) -> str:
        """What is wrong and what may be meant, a line each."""
        maybe = find(f"{self.key}.maybe", lang)
        lines = [filled(find(f"{self.key}.what", lang) or self.key, self.values, lang)]
        if maybe is not None:
            lines.append(told("desk.meant", maybe=filled(maybe, self.values, lang)).text(lang))
        return "\n".join(lines)

    def format_message(self) -> str:
        """As the library shows it."""
        return self.whole(FIRST)

    def whole(self, lang: str) -> str:
        """What is wrong, with the option it is wrong of where there is one."""
        hint = self.param_hint or (self.param.get_error_hint(self.ctx) if self.param and self.ctx else None)
        if hint is None:
            return self.said(lang)
        shown = " / ".join(hint) if not isinstance(hint, str) else hint
        return told("desk.invalid", hint=shown, said=self.said(lang)).text(lang)


def usage_text(trouble: click.UsageError, lang: str) -> str:
    """A usage error as lines of text: usage, where help is, what is wrong, what may be meant."""
    if isinstance(trouble, Wrong):
        said, *rest = trouble.whole(lang).split("\n")
    else:
        said, *more = trouble.format_message().split("\n")
        said = foreign(said.strip(), lang, "click")
        rest = [
            told("desk.meant", maybe=foreign(line.strip(), lang, "click")).text(lang) for line in more if line.strip()
        ]
    lines = [told("desk.error", said=said).text(lang), *rest]
    if trouble.ctx is not None:
        path = trouble.ctx.command_path
        lines = [trouble.ctx.get_usage(), told("desk.help", path=path).text(lang), "", *lines]
    return "\n".join(lines)
