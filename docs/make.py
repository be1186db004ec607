"""Write what is made from code: the settings page, and the demo's output in the READMEs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from likeness.persona.config import PersonaConfig
from likeness.rank.heads import HeadsConfig
from likeness.rank.rules import Rule
from likeness.settings import settings_table

HERE = Path(__file__).parent


def settings_page() -> str:
    """Return docs/settings.md."""
    lines = [
        "# Settings",
        "",
        "Keys of `SHOP/likeness.toml`; each is also an environment variable, `LIKENESS_` and the name in capitals. The",
        "command line wins over the environment, the environment over the file.",
        "",
        "| name | default | what |",
        "|---|---|---|",
        *(f"| `{name}` | `{default}` | {help_text} |" for name, default, help_text in settings_table()),
    ]
    for title, model in (("`[persona]`", PersonaConfig), ("`[worth]`", HeadsConfig), ("`[[rules]]`", Rule)):
        lines += ["", f"## {title}", "", "| name | what |", "|---|---|"]
        described = {name: field.description for name, field in model.model_fields.items() if field.description}
        lines += [f"| `{name}` | {text} |" for name, text in described.items()]
    return "\n".join(lines) + "\n"


def demo_output() -> str:
    """Run the demo and return what it prints from the persona to the first table of the evaluation."""
    command = [sys.executable, "-m", "likeness", "demo", "demo-shop"]
    done = subprocess.run(
        command, cwd=HERE.parent, env={**os.environ, "COLUMNS": "80"}, capture_output=True, check=True
    )
    lines = done.stdout.decode().splitlines()
    first = next(i for i, line in enumerate(lines) if " 3. " in line)
    last = next(i for i, line in enumerate(lines) if "by slice" in line)
    return "\n".join(lines[first:last])


def with_demo(page: str, output: str) -> str:
    """Return a README with the demo's output between its marks."""
    shown = "\n".join(f"    {line}".rstrip() for line in output.splitlines())
    return re.sub(r"(<!-- demo -->\n).*(<!-- /demo -->)", lambda m: f"{m[1]}\n{shown}\n\n{m[2]}", page, flags=re.DOTALL)


def main() -> None:
    """Write every page."""
    (HERE / "settings.md").write_text(settings_page(), encoding="utf-8")
    output = demo_output()
    for name in ("README.md", "README.zh.md"):
        page = HERE.parent / name
        page.write_text(with_demo(page.read_text(encoding="utf-8"), output), encoding="utf-8")


if __name__ == "__main__":
    main()
