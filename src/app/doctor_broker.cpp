#include "app/doctor.hpp"
#include "transport/amqp/link.hpp"
#include "transport/amqp/refusal.hpp"
#include "transport/loop/asio_executor.hpp"

#include <fmt/format.h>

#include <array>
#include <memory>
#include <random>
#include <string_view>
#include <variant>

namespace warren::app {
namespace {

/// What is tried, in this order, each on a channel of its own if the one before was refused.
enum class TrialStep : std::uint8_t { configure, read, write, done };

struct TrialWords {
    std::string_view permission;
    std::string_view tried;
    std::string_view needed_for;
};
constexpr std::array<TrialWords, 3> trial_words{
    TrialWords{"configure", "declare a queue with a name of the broker's (amq.gen-...)",
               "queues of replies"},
    TrialWords{"read", "consume a queue with such a name", "requests and replies"},
    TrialWords{"write", "publish to the default exchange (amq.default)", "requests and replies"},
};

/// Logs in, and tries what a client or a server does there.
/// thread the I/O thread
class BrokerTrial final : public transport::LinkUser, public transport::ChannelUser {
public:
    BrokerTrial(std::string display, const transport::AmqpEndpoint& broker, Findings& findings)
        : display_{std::move(display)},
          findings_{findings},
          link_{transport::make_link(executor_, broker)} {}
    ~BrokerTrial() { link_->detach(*this); }
    BrokerTrial(const BrokerTrial&) = delete;
    BrokerTrial& operator=(const BrokerTrial&) = delete;

    void run(std::chrono::milliseconds timeout) {
        executor_.post_at(std::chrono::steady_clock::now() + timeout, [this] {
            if (!is_over_) {
                tell(Verdict::failed, is_in_ ? "permissions" : "login", "no answer in time",
                     "see the log of the broker, and whether it has an alarm");
            }
            executor_.stop();
        });
        link_->attach(*this);
        executor_.run();
    }

    void on_up() override {
        if (std::exchange(is_in_, true)) {
            return;
        }
        const amqp::ConnectionOptions& connection = link_->endpoint().connection;
        const auto* const login = std::get_if<amqp::PlainLogin>(&connection.login);
        tell(Verdict::ok, "login",
             fmt::format("{}, virtual host '{}'",
                         login != nullptr ? "user '" + login->user + "'" : "by certificate",
                         connection.vhost));
        go_on();
    }
    void on_down(const Failure& why) override { fail(why); }
    void on_attempt_failed(const Failure& why, runtime::RetryClass) override { fail(why); }
    void on_blocked(std::string_view reason) override {
        tell(Verdict::warning, "alarm", "the broker takes no messages: " + std::string{reason},
             "free memory or disk space on the broker's machine");
    }
    void on_unblocked() override {}

    void on_channel_event(const amqp::Event& event) override {
        if (const auto* const closed = std::get_if<amqp::ChannelClosed>(&event)) {
            channel_ = 0;
            const bool is_allowed = closed->code == amqp::reply_code::not_found;
            judge(is_allowed, transport::peer_words(closed->text));
        } else if (const auto* const declared = std::get_if<amqp::QueueDeclared>(&event)) {
            queue_ = declared->queue;
            judge(true, {});
        } else if (std::holds_alternative<amqp::ConsumeStarted>(event) ||
                   std::holds_alternative<amqp::Confirmed>(event)) {
            judge(true, {});
        }
    }

private:
    void tell(Verdict verdict, std::string check, std::string seen, std::string remedy = {}) {
        findings_.add({.verdict = verdict,
                       .at = display_,
                       .check = std::move(check),
                       .seen = std::move(seen),
                       .remedy = std::move(remedy)});
    }

    void fail(const Failure& why) {
        if (!std::exchange(is_over_, true)) {
            tell(Verdict::failed, is_in_ ? "permissions" : "login", why.message,
                 "see the user, its password and the virtual host: rabbitmqctl authenticate_user, "
                 "list_permissions");
            executor_.stop();
        }
    }

    void judge(bool is_allowed, const std::string& words) {
        const TrialWords& words_of = trial_words[static_cast<std::size_t>(step_)];
        tell(is_allowed ? Verdict::ok : Verdict::failed, std::string{words_of.permission},
             is_allowed ? fmt::format("may {}", words_of.tried)
                        : fmt::format("may not {}: {}", words_of.tried, words),
             is_allowed ? std::string{}
                        : fmt::format("let this user {} them, for {} (rabbitmqctl set_permissions)",
                                      words_of.permission, words_of.needed_for));
        step_ = static_cast<TrialStep>(static_cast<int>(step_) + 1);
        // Not inside of an event.
        executor_.post([this] { go_on(); });
    }

    void go_on() {
        if (is_over_) {
            return;
        }
        if (step_ == TrialStep::done) {
            is_over_ = true;
            link_->close([this] { executor_.stop(); });
            return;
        }
        if (channel_ == 0) {
            const auto opened = link_->open_channel(*this);
            if (!opened) {
                return fail({.code = Code::internal, .message = "There is no free channel"});
            }
            channel_ = *opened;
        }
        amqp::ConnectionCore& core = link_->core();
        bool is_sent = false;
        switch (step_) {
        case TrialStep::configure:
            is_sent =
                core.queue_declare(channel_, {.exclusive = true, .auto_delete = true}).has_value();
            break;
        case TrialStep::read:
            is_sent = core.basic_consume(channel_, {.queue = queue_, .no_ack = true}).has_value();
            break;
        case TrialStep::write:
            // A queue of this name is nowhere: the message is dropped.
            is_sent = core.confirm_select(channel_).has_value() &&
                      core.basic_publish(channel_, {.routing_key = nowhere_}, {}, {}).has_value();
            break;
        case TrialStep::done:
            break;
        }
        if (!is_sent) {
            return fail({.code = Code::connection_lost, .message = "The connection goes down"});
        }
        link_->touch();
    }

    const std::string display_;
    Findings& findings_;
    transport::AsioExecutor executor_;
    std::shared_ptr<transport::Link> link_;
    const std::string nowhere_ = "warren-doctor-" + std::to_string(std::random_device{}());
    std::string queue_ = nowhere_;  // until there is one: who may not read hears that first
    TrialStep step_ = TrialStep::configure;
    amqp::ChannelNumber channel_ = 0;
    bool is_in_ = false;
    bool is_over_ = false;
};

}  // namespace

void examine_broker(const std::string& display, const transport::AmqpEndpoint& broker,
                    std::chrono::milliseconds timeout, Findings& findings) {
    BrokerTrial{display, broker, findings}.run(timeout);
}

}  // namespace warren::app
