#include <warren/options.hpp>

namespace warren {

const CallOptions& CallOptions::none() noexcept {
    // Never freed, as calls may be made while the program ends.
    static const auto* const made = new CallOptions{};
    return *made;
}

}  // namespace warren
