#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

namespace warren::transport {

/// The ways that messages go. A fault strikes a message on one of them.
enum class Hop : std::uint8_t {
    publish,  // client to broker: a request
    deliver,  // broker to server: a request
    settle,   // server to broker: a reply with its acknowledgement, or either alone
    reply,    // broker to client: a reply
    confirm,  // broker to client: a request was taken, or returned
    control,  // client to broker, and broker to server: of the control route
};

struct Fault {
    enum class Kind : std::uint8_t {
        drop,       // the message is gone
        delay,      // it arrives later, behind others
        duplicate,  // it arrives twice
        redeliver,  // it arrives, the connection breaks and is back at once: a delivery comes again
        close_before,  // the connection it travels on breaks, and it is lost with it
        close_after,   // it arrives, and the connection breaks
        block,         // the broker takes no more requests after this one, and says so
        unblock,       // it takes them again
    };
    Kind kind = Kind::drop;
    std::chrono::milliseconds delay{0};  // of `delay`
};

/// Which faults strike which messages: the same script over the same dialogue does the same.
class FaultScript {
public:
    using Predicate = std::function<bool(Hop hop, std::string_view routing_key)>;

    /// The nth message over all hops, from 0.
    FaultScript& at(std::size_t nth, Fault fault);
    /// The next `times` messages that the predicate holds for.
    FaultScript& when(Predicate predicate, Fault fault, std::size_t times = 1);
    FaultScript& on(Hop hop, Fault fault, std::size_t times = 1);
    void clear() { rules_.clear(); }

    /// What strikes this message; it counts as seen.
    std::optional<Fault> next(Hop hop, std::string_view routing_key);
    /// Messages seen so far: a sweep runs `at` over them.
    std::size_t seen() const noexcept { return seen_; }

private:
    struct Rule {
        std::optional<std::size_t> nth;
        Predicate predicate;
        Fault fault;
        std::size_t times;
    };
    std::vector<Rule> rules_;
    std::size_t seen_ = 0;
};

}  // namespace warren::transport
