"""Take secrets out of a command line before it is stored. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

MASK = "***"

_KEYWORDS = r"pass(?:word|wd|phrase)?|pwd|secret|token|api[-_]?key|access[-_]?key|private[-_]?key|credentials?|auth|bearer"
_SECRET_KEY = re.compile(rf"(?:^|[-_.]|\b)(?:{_KEYWORDS})(?:$|[-_.])", re.IGNORECASE)
# Words that are long enough to be told at the end of another one, such as PGPASSWORD, and a key of something.
_SECRET_END = re.compile(r"(?:password|passwd|passphrase|secret|token|api[-_]?key|[-_.]key)$", re.IGNORECASE)
_TOKEN_COUNT = re.compile(r"(?:max|min|num|n)[-_.](?:new[-_.])?tokens?", re.IGNORECASE)
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_HEADER = re.compile(r"(?P<key>\bauthorization\s*[:=]\s*(?:\w+\s+)?|\bbearer\s+)[^\s\"']+", re.IGNORECASE)
_ASSIGNMENT = re.compile(r"(?P<key>-{0,2}[A-Za-z_][\w.-]*)=(?P<value>.+)", re.DOTALL)
_USERINFO = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*://)(?P<user>[^/?#\s@:]*)(?P<secret>:[^/?#\s]*)?@")
_QUERY = re.compile(rf"(?P<key>[?&;](?:[\w.-]*[-_.])?(?:{_KEYWORDS})=)[^&;#\s]+", re.IGNORECASE)
# Tokens that are known by their shape, whatever the option before them is called.
_SHAPES = re.compile(
    r"\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{20,}|hf_[A-Za-z0-9]{20,}|sk-[\w-]{20,}|AKIA[A-Z0-9]{16}"
    r"|xox[abprs]-[\w-]{10,}|pypi-[\w-]{20,}|eyJ[\w-]+\.[\w-]+\.[\w-]+)"
)


def redact_argv(argv: Iterable[str]) -> tuple[str, ...]:
    """Return a command line with its secrets masked: by the option's name, in URLs, and by the shape of known tokens."""
    redacted = []
    mask_next = False
    for argument in argv:
        redacted.append(MASK if mask_next and not argument.startswith("--") else _redact(argument))
        mask_next = argument.startswith("-") and "=" not in argument and _is_secret(argument)
    return tuple(redacted)


def redact_urls(text: str) -> str:
    """Return a text in which the passwords of URLs are masked."""
    text = _USERINFO.sub(
        lambda found: f"{found['scheme']}{found['user'] if found['secret'] else MASK}{_masked(found['secret'])}@", text
    )
    return _QUERY.sub(lambda found: found["key"] + MASK, text)


def _redact(argument: str) -> str:
    found = _ASSIGNMENT.fullmatch(argument)
    if found and _is_secret(found["key"]):
        return f"{found['key']}={MASK}"
    shapeless = _SHAPES.sub(MASK, redact_urls(argument))
    return _HEADER.sub(lambda found: found["key"] + MASK, shapeless)


def _masked(secret: str | None) -> str:
    return f":{MASK}" if secret else ""


def _is_secret(option: str) -> bool:
    name = _HUMP.sub("-", option.lstrip("-"))
    return _TOKEN_COUNT.fullmatch(name) is None and any(known.search(name) for known in (_SECRET_KEY, _SECRET_END))
