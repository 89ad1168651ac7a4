#pragma once

#include <warren/dynamic.hpp>

#include <optional>
#include <string>

namespace warren {

/// How far a call is, as its handler says it.
struct Progress {
    std::optional<double> fraction{};  // from 0 to 1
    std::string text{};                // for people
    Dynamic data{};                    // for programs
};

}  // namespace warren
