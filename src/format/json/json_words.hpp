#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace warren::format {

/// A number that Python's JSON has a word for.
struct JsonWord {
    std::size_t offset;  // of the word, with its sign
    double number;
};

struct JsonWords {
    std::vector<JsonWord> words;  // in their order
    std::string text;             // with a float of the same length in each one's place
};

/// Find NaN, Infinity and -Infinity where a value may stand, outside of strings.
/// cost O(characters)                                                                  thread any
JsonWords json_number_words(std::string_view text);

}  // namespace warren::format
