#pragma once

#include "runtime/client/client_call.hpp"
#include "runtime/executor.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace warren::runtime {

/// Whether a server is there, as far as its queue's consumers say.
struct ServerPresence {
    std::string server;
    std::uint64_t token = 0;
    bool is_present = false;
    bool is_confirmed = false;  // the broker said so
    bool is_asked = false;
    std::string unknown_why{};  // the broker's reason for not saying whether it is there
    TimePoint fresh_until{};    // nobody has to ask before
    CallQueue waiting{};        // for the response
};

/// Those that a client calls. They are few: one mostly.
/// thread one
class ServerPresences {
public:
    /// Of more servers than these nobody asks.
    static constexpr std::size_t servers_max = 64;

    /// out  nullptr at the limit
    ServerPresence* of(std::string_view server) {
        if (ServerPresence* const known = find(server)) {
            return known;
        }
        if (all_.size() == servers_max) {
            return nullptr;
        }
        all_.push_back(std::make_unique<ServerPresence>());
        all_.back()->server = server;
        all_.back()->token = all_.size();
        return all_.back().get();
    }
    /// out  nullptr: nobody has asked for it
    ServerPresence* find(std::string_view server) const noexcept {
        const auto found = std::ranges::find_if(
            all_, [&](const auto& presence) { return presence->server == server; });
        return found == all_.end() ? nullptr : found->get();
    }
    ServerPresence* find(std::uint64_t token) noexcept {
        return token == 0 || token > all_.size() ? nullptr : all_[token - 1].get();
    }
    template <typename Visitor>
    void each(Visitor visitor) {
        for (const auto& presence : all_) {
            visitor(*presence);
        }
    }

private:
    std::vector<std::unique_ptr<ServerPresence>> all_;
};

}  // namespace warren::runtime
