#pragma once

#include <string_view>
#include <vector>

namespace warren::docs {

/// What nothing can be called in C++: keywords, and macros that headers define.
std::vector<std::string_view> cpp_keywords();
/// Those, and what a type beside the models would hide.
std::vector<std::string_view> cpp_type_words();

}  // namespace warren::docs
