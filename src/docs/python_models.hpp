#pragma once

#include "contract/document.hpp"
#include "docs/files.hpp"

#include <cstdint>
#include <vector>

namespace warren::docs {

enum class Pydantic : std::uint8_t { v1, v2 };

/// A Python package of pydantic models: a file for each method with its request, the whole of its
/// reply, all that those are made of, and a function that calls it by pika; and `_warren.py`, which
/// makes them take and refuse what the server does.
/// cost O(what each method leads to)
std::vector<OutputFile> python_models(const contract::Document& document, Pydantic pydantic);

}  // namespace warren::docs
