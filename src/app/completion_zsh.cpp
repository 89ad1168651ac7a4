#include "app/completion.hpp"

namespace warren::app {
namespace {

constexpr std::string_view zsh_engine = R"sh(
# What the line says of the server.
_warren_note() {
    case $1 in
    (--to|--from) server=$2 ;;
    (--profile) server=@$2 ;;
    esac
}

# The address goes through a pipe: the list of processes is for everybody.
_warren_methods() {
    local from=${server:-$WARREN_TO}
    case $from in
    ('') ;;
    (@*) $words[1] methods --names --timeout 2s --from "$from" ;;
    (*) $words[1] methods --names --timeout 2s --from @<(printf '%s' "$from") ;;
    esac </dev/null 2>/dev/null
}

_warren_profiles() {
    $words[1] profiles --names 2>/dev/null
}

# in  $1: what is taken
_warren_values() {
    local -a found
    case $1 in
    ('='*) found=(${=1#=}); compadd -a found ;;
    (METHOD) found=(${(f)"$(_warren_methods)"}); compadd -a found ;;
    (PROFILE) found=(${(f)"$(_warren_profiles)"}); compadd -a found ;;
    (COMMAND) found=(${(f)"$(_warren_commands '')"}); _describe command found ;;
    (DIR) _files -/ ;;
    (FILE|PLACE) _files ;;
    (ADDRESS|SECRET|JSON)
        if ! compset -P @; then
            _message $1
            return
        fi
        if [[ $1 == ADDRESS ]]; then
            found=(${(f)"$(_warren_profiles)"})
            compadd -a found
        fi
        _files ;;
    ('') ;;
    (*) _message $1 ;;
    esac
}

_warren() {
    local option='' server='' at='' word
    local -a found
    integer index position=0 ends=0
    for ((index = 2; index < CURRENT; index++)); do
        word=${(Q)words[index]}
        if [[ -n $option ]]; then
            _warren_note "$option" "$word"
            option=''
        elif (( ends == 0 )) && [[ $word == -- ]]; then
            ends=1
        elif (( ends == 0 )) && [[ $word == --*=* ]]; then
            _warren_note "${word%%=*}" "${word#*=}"
        elif (( ends == 0 )) && [[ $word == -* ]]; then
            [[ -z $(_warren_takes "$at" "$word") ]] || option=$word
        elif (( position == 0 )) && _warren_commands "$at" | grep -qe "^$word:"; then
            at=${at:+$at }$word
        else
            (( position += 1 ))
        fi
    done
    if [[ -n $option ]]; then
        _warren_values "$(_warren_takes "$at" "$option")"
    elif (( ends == 0 )) && [[ $PREFIX == --*=* ]]; then
        option=${PREFIX%%=*}
        compset -P 1 '*='
        _warren_values "$(_warren_takes "$at" "$option")"
    elif (( ends == 0 )) && [[ $PREFIX == -* ]]; then
        found=(${(f)"$(_warren_options "$at")"})
        _describe -o option found
    elif (( position == 0 )) && [[ -n $(_warren_commands "$at") ]]; then
        found=(${(f)"$(_warren_commands "$at")"})
        _describe command found
    else
        _warren_values "$(_warren_position "$at" $(( position + 1 )))"
    fi
}

# Whether it is a function of the folder of completions, or a file that was read.
if [[ $funcstack[1] == _warren ]]; then
    _warren "$@"
else
    compdef _warren warren
fi
)sh";

}  // namespace

std::string zsh_completion(const CommandRow& program) {
    return "#compdef warren\n# Completion for zsh; `warren completion zsh` writes it.\n\n" +
           shell_tables(program, true) + std::string{zsh_engine.substr(1)};
}

}  // namespace warren::app
