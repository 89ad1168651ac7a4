#pragma once

#include "contract/diff.hpp"
#include "contract/document.hpp"

#include <cstddef>
#include <string>
#include <string_view>

/// How a diff names places and types to people.
namespace warren::contract {

/// A text in quotes, on one line, with nothing that steers a terminal.
std::string in_quotes(std::string_view text);

/// What a member's name adds to a path: ".name", or in brackets and quotes what is no plain word.
std::string path_member(std::string_view name);

/// Such as "list of integers (32 bits) or null"; what is nested deep is left out.
std::string words_of(const Document& document, const DataType& type);

/// One step of a path that was not written yet: most comparisons find nothing, and write none.
struct DiffStep {
    enum class Kind : std::uint8_t {
        start,        // `text` is the path up to here
        member,       // `text` is its name
        item,         // of a list, set or array
        value,        // of a map
        alternative,  // of a choice: `text` says which
    };
    const DiffStep* before = nullptr;
    Kind kind = Kind::start;
    std::string_view text{};
};

std::string to_path(const DiffStep& step);

}  // namespace warren::contract
