#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace warren::model {

/// A text without its escapes, and where its bytes stood in the one with them.
struct UnescapedText {
    std::string text;
    std::vector<std::size_t> starts{};  // one more than there are bytes; empty: all as they are

    std::size_t start_of(std::size_t at) const { return starts.empty() ? at : starts[at]; }
};

/// Take the escapes of JSON away (`\"`, `\/`, `\n`, `\u00e9`, `\ud83d\ude00`), and that of a line
/// of a log (`\x1b`); what is no escape stays.
/// in  escaped: may be the result of another time, for a string in a string
UnescapedText unescaped(const UnescapedText& escaped);

}  // namespace warren::model
