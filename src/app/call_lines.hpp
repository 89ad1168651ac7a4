#pragma once

#include "app/admin_client.hpp"

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <vector>

namespace warren::app {

/// The calls of a server as they end, asked for again and again.
/// thread one at a time
class CallLines {
public:
    explicit CallLines(AdminClient& client) : client_{client} {}

    struct Seen {
        std::vector<std::string> lines{};  // of JSON
        std::uint64_t missed = 0;          // that ended meanwhile, and are kept no more
    };
    /// Those that have ended since the last time; the first time begins to look, and gives none.
    /// err  as of `AdminClient::get`
    std::expected<Seen, std::string> next();

private:
    AdminClient& client_;
    std::optional<std::uint64_t> from_{};
};

}  // namespace warren::app
