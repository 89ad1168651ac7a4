#include "endpoint/server/store_options.hpp"

#include <chrono>
#include <string>
#include <utility>

namespace warren::endpoint {
namespace {

constexpr std::chrono::seconds lease_min{1};
constexpr std::chrono::hours lease_max{1};

}  // namespace

std::expected<void, Failure> check_store(const StoreOptions& options) {
    const auto refused = [](std::string why) {
        return std::unexpected{
            Failure{.code = Code::invalid_request, .message = "store: " + std::move(why)}};
    };
    if (!options.sqlite.empty() && !options.postgresql.empty()) {
        return refused("is either sqlite or postgresql");
    }
    if (options.keep.count() <= 0 || options.bytes_max == 0) {
        return refused("keep and bytes_max must be more than 0");
    }
    if (options.dead_keep.count() <= 0 || options.dead_bytes_max == 0) {
        return refused("dead_keep and dead_bytes_max must be more than 0");
    }
    if (options.lock_lease < lease_min || options.lock_lease > lease_max) {
        return refused("lock_lease is from 1s to 1h");
    }
    return {};
}

}  // namespace warren::endpoint
