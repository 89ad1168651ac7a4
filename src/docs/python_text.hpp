#pragma once

#include <warren/value.hpp>

#include "contract/document.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace warren::docs {

/// The classes of a module by the ids that the contract has them under.
using PythonClasses = std::map<std::string_view, std::string>;

/// A value as Python writes it; bytes as base64 text, as in JSON.
std::string python_value(const Value& value);

/// A type as people and type checkers read it.
std::string python_hint(const contract::DataType& type, const PythonClasses& classes);

/// Writes types as `_warren.py` takes them. What is nested deep becomes a name of its own, as
/// Python's parser does not take many brackets in one another.
class PythonKinds {
public:
    explicit PythonKinds(const PythonClasses& classes) : classes_{classes} {}

    std::string write(const contract::DataType& type);
    /// Lines that must stand before what was written.
    std::string take_names();

private:
    struct Written {
        std::string text;
        std::size_t depth = 0;
    };

    Written written(const contract::DataType& type);
    Written around(std::string_view name, const contract::DataType& type, std::string_view more);

    const PythonClasses& classes_;
    std::string names_;
    std::size_t name_count_ = 0;
};

}  // namespace warren::docs
