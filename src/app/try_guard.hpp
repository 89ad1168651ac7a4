#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <expected>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace warren::app {

/// Who may have calls made from a page: the pages of this server. A browser sends what any page
/// tells it to, so a page from elsewhere, or one whose host's name was made to lead here, is to be
/// told apart by what it cannot say.
/// thread one at a time
class TryGuard {
public:
    using Clock = std::chrono::steady_clock;

    struct Options {
        std::vector<std::string> hosts{};  // names, as `read_host_name` has them, beside loopback's
        std::size_t tokens_max = 256;      // given out and not used; the oldest are forgotten
        std::chrono::seconds token_age_max{600};
    };

    struct Refusal {
        unsigned status = 403;  // of HTTP
        std::string reason;     // with what would be right
    };
    template <typename T>
    using Guarded = std::expected<T, Refusal>;

    /// Headers of a request by their names.
    using Headers = std::function<std::string(std::string_view name)>;

    /// Every request of this has it; that of a call has a token in it.
    static constexpr std::string_view own_header = "X-Warren-Try";

    explicit TryGuard(Options options);

    /// Give a token for one call from the host that asks.
    Guarded<std::string> give_token(const Headers& headers, Clock::time_point now);
    /// Whether a call may be made; its token is used up then.
    Guarded<void> admit(const Headers& headers, Clock::time_point now);

private:
    struct Token {
        std::string text;
        std::string host;
        Clock::time_point ends;
    };

    Guarded<void> check_origin(const Headers& headers) const;
    Guarded<void> use_token(const std::string& text, const std::string& host,
                            Clock::time_point now);

    Options options_;
    std::deque<Token> tokens_;  // the oldest first
};

}  // namespace warren::app
