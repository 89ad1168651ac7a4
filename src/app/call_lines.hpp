#pragma once

#include "app/admin_client.hpp"

#include <cstdint>
#include <expected>
#include <map>
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

/// How long a call took, of a line's.
double duration_ms(const Dynamic& call);

/// Servers that could be asked and cannot any more, as while they are started anew: they are asked
/// again, and that is said once.
class Outages {
public:
    /// in   server: which one, by any address of its own; answer: what it gave
    /// out  false: it could never be asked, which is said
    template <typename Answer>
    bool note(const void* server, const std::expected<Answer, std::string>& answer) {
        return answer ? note_answer(server) : note_silence(server, answer.error());
    }

private:
    bool note_answer(const void* server);
    bool note_silence(const void* server, const std::string& why);

    std::map<const void*, bool> is_away_;
};

}  // namespace warren::app
