#include "endpoint/server/store_options.hpp"

#include <string>
#include <utility>

namespace warren::endpoint {

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
    return {};
}

}  // namespace warren::endpoint
