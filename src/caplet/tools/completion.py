"""Completion of commands and options in bash and zsh.

Knows how a shell asks for completions; the words come from the parsers.
"""

from __future__ import annotations

from caplet.tools.arguments import COMMANDS, command_parser
from caplet.tools.formats import FORMATS
from caplet.tools.problems import UsageError

__all__ = ["SHELLS", "completion_script"]

SHELLS = ("bash", "zsh")

_BASH = """_caplet() {{
    local word="${{COMP_WORDS[COMP_CWORD]}}" command="" index
    for ((index = 1; index < COMP_CWORD; index++)); do
        case "${{COMP_WORDS[index]}}" in -*) ;; *) command="${{COMP_WORDS[index]}}"; break ;; esac
    done
    case "$command" in
        "") COMPREPLY=($(compgen -W "{commands} help --version --help" -- "$word")) ;;
{cases}
    esac
    if [[ "$word" != -* && -n "$command" ]]; then COMPREPLY+=($(compgen -f -- "$word")); fi
}}
complete -o filenames -F _caplet caplet
"""


def completion_script(shell: str) -> str:
    """Return a script that teaches a shell the commands and options.

    Args:
        shell: one of `SHELLS`.

    Raises:
        UsageError: another shell.
    """
    if shell not in SHELLS:
        raise UsageError(f"{shell}: unknown shell; {' or '.join(SHELLS)}")
    cases = [f'        {name}) COMPREPLY=($(compgen -W "{_words(name)}" -- "$word")) ;;' for name in COMMANDS]
    cases.append(f'        help) COMPREPLY=($(compgen -W "{" ".join(COMMANDS)}" -- "$word")) ;;')
    script = _BASH.format(commands=" ".join(COMMANDS), cases="\n".join(cases))
    # zsh runs completions written for bash once it is told to.
    return "autoload -U +X bashcompinit && bashcompinit\n" + script if shell == "zsh" else script


def _words(command: str) -> str:
    """Return the words that may follow a command: its options, and for `convert` the pairs of formats."""
    words = _options(command)
    if command == "convert":
        words += [f"{source}:{target}" for source in FORMATS for target in FORMATS if source != target]
    if command == "completion":
        words += SHELLS
    return " ".join(words)


def _options(command: str) -> list[str]:
    return [option for action in command_parser(command)._actions for option in action.option_strings]
