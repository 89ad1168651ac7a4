#include "app/dead.hpp"
#include "app/exit_code.hpp"
#include "core/utf8.hpp"
#include "endpoint/address/address.hpp"
#include "endpoint/protocols/descriptor.hpp"
#include "endpoint/server/listener_queue.hpp"
#include "transport/amqp/queue_browser.hpp"
#include "transport/loop/asio_executor.hpp"

#include <cstdio>
#include <memory>
#include <optional>
#include <utility>
#include <variant>

namespace warren::app {
namespace {

// Of one message, which a broker limits itself.
constexpr std::size_t dead_body_bytes_max = std::size_t{512} << 20;

class DeadQueue {
public:
    DeadQueue(const DeadCommand& command, const endpoint::Address& address)
        : command_{command},
          served_{endpoint::queue_at_broker(address)},
          queue_{command.queue.empty() ? served_ + ".dead-letter" : command.queue},
          protocol_{address.protocol->make_message(address, address.method, {})} {
        transport::AmqpEndpoint endpoint = std::get<transport::AmqpEndpoint>(address.transport);
        endpoint.connection.body_bytes_max = dead_body_bytes_max;
        if (const auto* login = std::get_if<amqp::PlainLogin>(&endpoint.connection.login)) {
            user_ = login->user;
        }
        link_ = transport::make_link(executor_, std::move(endpoint));
    }

    int run() {
        browser_.emplace(
            *link_, queue_,
            [this](std::uint64_t tag, const protocol::MessageView& message) {
                return seen(tag, message);
            },
            [this](std::expected<void, Failure> outcome) {
                outcome_ = std::move(outcome);
                link_->close([this] { executor_.stop(); });
            });
        executor_.run();
        const std::uint64_t gone = purged_ + browser_->sent_on();
        browser_.reset();
        link_.reset();
        if (outcome_ || gone != 0) {
            print_dead_count(command_, gone);
        }
        if (!outcome_) {
            std::fprintf(stderr, "error: %s\n", to_string(outcome_.error()).c_str());
        }
        return outcome_ ? exit_success : exit_failed;
    }

private:
    transport::QueueBrowser::Fate seen(std::uint64_t tag, const protocol::MessageView& message) {
        using Fate = transport::QueueBrowser::Fate;
        DeadLetter letter = read_dead_letter(message, *protocol_);
        letter.number = ++number_;
        if (matched_ == command_.filter.count_max || std::ferror(stdout) != 0) {
            return Fate::is_last;
        }
        if (!command_.filter.matches(letter)) {
            return Fate::stays;
        }
        ++matched_;
        switch (command_.action) {
        case DeadAction::list:
        case DeadAction::show:
            print_dead(command_, letter);
            return Fate::stays;
        case DeadAction::retry:
            send_back(tag, message, letter);
            return Fate::stays;
        case DeadAction::purge:
            ++purged_;
            return Fate::goes;
        }
        std::unreachable();
    }

    void send_back(std::uint64_t tag, const protocol::MessageView& message,
                   const DeadLetter& letter) {
        if (message.body_bytes > message.body.size()) {
            std::fprintf(stderr, "error: %llu stays: %s\n",
                         static_cast<unsigned long long>(letter.number),
                         core::text_for_display(letter.unreadable).c_str());
            return;
        }
        Arena arena;
        browser_->send_on(tag, put_back(message, served_, user_, arena));
    }

    const DeadCommand& command_;
    const std::string served_;
    const std::string queue_;
    std::unique_ptr<protocol::MessageProtocol> protocol_;
    std::string user_;  // empty: only the broker knows
    transport::AsioExecutor executor_;
    std::shared_ptr<transport::Link> link_;
    std::optional<transport::QueueBrowser> browser_;
    std::expected<void, Failure> outcome_{};
    std::uint64_t number_ = 0;
    std::uint64_t matched_ = 0;
    std::uint64_t purged_ = 0;
};

}  // namespace

int dead_at_broker(const DeadCommand& command, std::string_view text) {
    const auto address = endpoint::parse_address(text);
    if (!address) {
        std::fprintf(stderr, "error: --from: %s\n", address.error().message.c_str());
        return exit_usage;
    }
    if (!std::holds_alternative<transport::AmqpEndpoint>(address->transport)) {
        std::fprintf(stderr,
                     "error: --from: dead letters are at a broker (amqp://.../?queue=NAME), in a "
                     "store or in "
                     "the file of a proxy's buffer\n");
        return exit_usage;
    }
    return DeadQueue{command, *address}.run();
}

}  // namespace warren::app
