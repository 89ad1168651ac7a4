#pragma once

#include "amqp/event.hpp"
#include "amqp/reply_code.hpp"
#include "transport/amqp/refusal.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace warren::transport {

/// Exchanges that do not take our replies. Publishing to one closes the channel, the broker then
/// delivers the request again, its reply would close the channel again: so the second reply to such
/// an exchange is not sent.
class LostExchanges {
public:
    /// A channel was closed over a publish.
    /// out  the exchange that the broker names, or ""
    std::string_view learn(const amqp::ChannelClosed& closed) {
        std::string_view name = quoted_after(closed.text, "exchange ");
        if (name == "amq.default") {
            name = "";
        }
        learn(name, closed.code);
        return name;
    }
    void learn(std::string_view name, std::uint16_t reply_code) {
        if (names_.size() == names_max) {
            names_.erase(names_.begin());
        }
        names_.emplace_back(name, reply_code);
    }

    /// A message came through this exchange: it exists, whatever was true before.
    void seen(std::string_view exchange) {
        if (!names_.empty()) {
            std::erase_if(names_, [&](const auto& entry) {
                return entry.first == exchange && entry.second == amqp::reply_code::not_found;
            });
        }
    }

    /// Whatever was wrong with it may have been put right.
    void forget(std::string_view exchange) {
        if (!names_.empty()) {
            std::erase_if(names_, [&](const auto& entry) { return entry.first == exchange; });
        }
    }

    bool contains(std::string_view exchange) const noexcept {
        return !names_.empty() && std::ranges::any_of(names_, [&](const auto& entry) {
            return entry.first == exchange;
        });
    }

    void clear() noexcept { names_.clear(); }

    static constexpr std::size_t names_max = 64;

private:
    std::vector<std::pair<std::string, std::uint16_t>> names_;  // with the reply code
};

}  // namespace warren::transport
