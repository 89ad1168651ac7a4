#include "app/completion.hpp"

namespace warren::app {
namespace {

constexpr std::string_view bash_engine = R"sh(
# The words as the program will get them; bash parts them at : = and @ as well.
_warren_words() {
    local rest=${COMP_LINE:0:COMP_POINT} part before
    local -i index
    words=()
    for ((index = 0; index < COMP_CWORD; index++)); do
        part=${COMP_WORDS[index]}
        before=${rest%%"$part"*}
        rest=${rest#"$before$part"}
        if [[ -z $before && ${#words[@]} -gt 0 ]]; then
            words[${#words[@]}-1]+=$part
        else
            words+=("$part")
        fi
    done
    part=${rest#"${rest%%[![:space:]]*}"}
    if [[ $part == "$rest" && ${#words[@]} -gt 0 ]]; then
        words[${#words[@]}-1]+=$part
    else
        words+=("$part")
    fi
}

# A word without its quotes; nothing in it is run.
_warren_unquoted() {
    unquoted=$1
    case $unquoted in
    \'*) unquoted=${unquoted#\'} unquoted=${unquoted%\'} ;;
    \"*) unquoted=${unquoted#\"} unquoted=${unquoted%\"} ;;
    *) unquoted=${unquoted//\\/} ;;
    esac
}

# What the line says of the server.
_warren_note() {
    case $1 in
    --to | --from) server=$2 ;;
    --profile) server=@$2 ;;
    esac
}

# The address goes through a pipe: the list of processes is for everybody.
_warren_methods() {
    local from=${server:-$WARREN_TO}
    case $from in
    '') ;;
    @*) "${words[0]}" methods --names --timeout 2s --from "$from" ;;
    *) "${words[0]}" methods --names --timeout 2s --from @<(printf '%s' "$from") ;;
    esac </dev/null 2>/dev/null
}

# in  $1: what is taken, $2: the beginning of it, $3: what goes before each
_warren_values() {
    case $1 in
    =*) mapfile -t COMPREPLY < <(compgen -P "$3" -W "${1#=}" -- "$2") ;;
    METHOD) mapfile -t COMPREPLY < <(compgen -P "$3" -W "$(_warren_methods)" -- "$2") ;;
    PROFILE)
        mapfile -t COMPREPLY < <(compgen -P "$3" -W "$(_warren_profiles)" -- "$2")
        ;;
    COMMAND)
        mapfile -t COMPREPLY < <(compgen -P "$3" -W "$(_warren_commands '')" -- "$2")
        ;;
    DIR)
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -P "$3" -d -- "$2")
        ;;
    FILE | PLACE)
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -P "$3" -f -- "$2")
        ;;
    ADDRESS | SECRET | JSON)
        [[ $2 == @* ]] || return
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(
            [[ $1 != ADDRESS ]] || compgen -P "$3@" -W "$(_warren_profiles)" -- "${2#@}"
            compgen -P "$3@" -f -- "${2#@}"
        )
        ;;
    esac
}

_warren_profiles() {
    "${words[0]}" profiles --names 2>/dev/null
}

# What completes the word that is being written.
_warren_current() {
    local option=$1
    if [[ -n $option ]]; then
        _warren_values "$(_warren_takes "$at" "$option")" "$unquoted" ''
    elif ((ends == 0)) && [[ $unquoted == --*=* ]]; then
        option=${unquoted%%=*}
        _warren_values "$(_warren_takes "$at" "$option")" "${unquoted#*=}" "$option="
    elif ((ends == 0)) && [[ $unquoted == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_warren_options "$at")" -- "$unquoted")
    elif ((position == 0)) && [[ -n $(_warren_commands "$at") ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_warren_commands "$at")" -- "$unquoted")
    else
        _warren_values "$(_warren_position "$at" $((position + 1)))" "$unquoted" ''
    fi
}

_warren() {
    local words option='' server='' at='' unquoted breaks='' each
    local -i index position=0 ends=0
    COMPREPLY=()
    _warren_words
    for ((index = 1; index < ${#words[@]} - 1; index++)); do
        _warren_unquoted "${words[index]}"
        if [[ -n $option ]]; then
            _warren_note "$option" "$unquoted"
            option=''
        elif ((ends == 0)) && [[ $unquoted == -- ]]; then
            ends=1
        elif ((ends == 0)) && [[ $unquoted == --*=* ]]; then
            _warren_note "${unquoted%%=*}" "${unquoted#*=}"
        elif ((ends == 0)) && [[ $unquoted == -* ]]; then
            [[ -z $(_warren_takes "$at" "$unquoted") ]] || option=$unquoted
        elif ((position == 0)) && _warren_commands "$at" | grep -qxFe "$unquoted"; then
            at=${at:+$at }$unquoted
        else
            position+=1
        fi
    done
    _warren_unquoted "${words[${#words[@]}-1]}"
    _warren_current "$option"
    # Bash puts what it gets behind the last place where it parts words.
    for each in : = @; do
        [[ $COMP_WORDBREAKS != *"$each"* ]] || breaks+=$each
    done
    if [[ -n $breaks && $unquoted == *[$breaks]* ]]; then
        each=${unquoted%"${unquoted##*[$breaks]}"}
        COMPREPLY=("${COMPREPLY[@]#"$each"}")
    fi
}

complete -F _warren warren
)sh";

}  // namespace

std::string bash_completion(const CommandRow& program) {
    return "# Completion for bash; `warren completion bash` writes it.\n\n" +
           shell_tables(program, false) + std::string{bash_engine.substr(1)};
}

}  // namespace warren::app
