#pragma once

#include "conformance/scene.hpp"

#include <span>
#include <string>
#include <string_view>

namespace warren::conformance {

/// One line of the transcript: what is done, and what comes of it.
struct Step {
    std::string_view title;
    std::string (*run)(Scene& scene);
    /// Whether the protocol can carry it at all; nullptr: every one can.
    bool (*applies)(const ProtocolTraits& traits) = nullptr;
};

/// All steps, in the order of the transcript.
std::span<const Step> steps();

}  // namespace warren::conformance
