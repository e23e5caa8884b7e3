"""Completion of commands and options in bash and zsh.

Knows how a shell asks for completions; the words come from the parsers.
"""

from __future__ import annotations

from caplet.tools.arguments import COMMANDS, command_parser
from caplet.tools.formats import FORMATS
from caplet.tools.problems import UsageError

__all__ = ["SHELLS", "completion_script"]

SHELLS = ("bash", "zsh")

# No variable may be named as one of those that zsh keeps for itself, such as words and options.
_BASH = """_caplet() {{
    local line="${{COMP_LINE:0:$COMP_POINT}}" command="" index
    local word="${{line##*[[:space:]]}}" flags="" choices=""
    for ((index = 1; index < COMP_CWORD; index++)); do
        case "${{COMP_WORDS[index]}}" in -*) ;; *) command="${{COMP_WORDS[index]}}"; break ;; esac
    done
    case "$command" in
        "") choices="{commands} help"; flags="--version --help" ;;
{cases}
    esac
    if [[ "$word" == -* ]]; then choices="$flags"; fi
    COMPREPLY=($(compgen -W "$choices" -- "$word"))
    # The shell splits words at colons, and replaces only what stands behind the last one.
    if [[ "$word" == *:* && "$COMP_WORDBREAKS" == *:* ]]; then COMPREPLY=("${{COMPREPLY[@]#"${{word%:*}}:"}}"); fi
}}
complete -o default -F _caplet caplet
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
    cases = [f'        {name}) choices="{_words(name)}"; flags="{_options(name)}" ;;' for name in COMMANDS]
    cases.append(f'        help) choices="{" ".join(COMMANDS)}" ;;')
    script = _BASH.format(commands=" ".join(COMMANDS), cases="\n".join(cases))
    # zsh runs completions written for bash once it is told to.
    return "autoload -U +X bashcompinit && bashcompinit\n" + script if shell == "zsh" else script


def _words(command: str) -> str:
    """Return the words that may follow a command and are no options; where there are none, the shell offers files."""
    if command == "convert":
        return " ".join(f"{source}:{target}" for source in FORMATS for target in FORMATS if source != target)
    return " ".join(SHELLS) if command == "completion" else ""


def _options(command: str) -> str:
    return " ".join(option for action in command_parser(command)._actions for option in action.option_strings)
