#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <vector>

namespace warren::docs {

/// Words of Python that something cannot be called.
enum class PythonWords : std::uint8_t {
    keywords,
    file,           // what a generated file has names for itself
    model_members,  // of pydantic's models, of either version, and of ours
    enum_members,   // of enumerations and texts: an enumerator would hide them
    modules,        // a file of such a name may take the place of Python's own
};

std::vector<std::string_view> python_words(std::initializer_list<PythonWords> kinds);

}  // namespace warren::docs
