#include "docs/anchor.hpp"

#include "core/percent.hpp"

#include <array>

namespace warren::docs {
namespace {

/// A name without a point that could be taken for one of ours.
std::string one_step(std::string_view name) {
    std::string encoded;
    for (const char character : core::percent_encode(name)) {
        encoded += character == '.' ? std::string{"%2E"} : std::string{character};
    }
    return encoded;
}

}  // namespace

std::string method_anchor(std::string_view method) {
    // The parts that a method has here.
    static constexpr std::array parts{".request",  ".response", ".part", ".failures",
                                      ".examples", ".call",     ".try"};
    for (const std::string_view part : parts) {
        if (method.contains(part)) {
            return one_step(method);
        }
    }
    return core::percent_encode(method);
}

std::string anchor_below(std::string_view anchor, std::string_view name) {
    return std::string{anchor} + '.' + one_step(name);
}

}  // namespace warren::docs
