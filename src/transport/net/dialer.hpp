#pragma once

#include "transport/loop/asio_executor.hpp"
#include "transport/net/connect_failure.hpp"
#include "transport/net/dial_attempt.hpp"
#include "transport/net/dial_target.hpp"
#include "transport/net/stream.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <cstddef>
#include <expected>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

namespace warren::transport {

/// Makes one connected stream to one of some targets: resolves their names and tries their
/// addresses, each through TCP, TLS and the user's own trial. The next address begins when the one
/// before has failed, or is silent for a while, and whichever is through first counts. [RFC 8305 5]
///
/// Names, TCP and TLS have the target's `connect_timeout` together; a trial bounds itself.
class Dialer {
public:
    struct Connected {
        std::unique_ptr<Stream> stream{};  // without a trial
        std::unique_ptr<DialTrial> trial{};
        std::size_t target = 0;
        boost::asio::ip::tcp::endpoint address{};
        /// There are others that have not failed, for who finds that this one is of no use.
        bool has_alternatives = false;
    };
    using Dialled = std::expected<Connected, ConnectFailure>;

    /// How long an attempt keeps the next one from beginning: until TCP is there, and for each
    /// further stage, of which only a few peers are so slow.
    static constexpr std::chrono::milliseconds connect_patience{250};
    static constexpr std::chrono::milliseconds stage_patience{1'000};

    /// in   targets: one at least, in the order of preference; those that have failed come last
    ///      targets, trial, executor: outlive the dialling
    ///      dialled: called once, never inside the constructor, unless this is destroyed before
    Dialer(AsioExecutor& executor, std::span<const DialTarget> targets, const BeginDialTrial& trial,
           std::move_only_function<void(Dialled)> dialled);
    Dialer(const Dialer&) = delete;
    Dialer& operator=(const Dialer&) = delete;
    /// Gives up.
    ~Dialer();

    /// What did not come yet, for messages, such as "no address answered". Not once it is over.
    std::string_view progress() const noexcept;

private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace warren::transport
