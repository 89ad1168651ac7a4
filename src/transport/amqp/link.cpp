#include "transport/amqp/link.hpp"

#include "core/while_alive.hpp"
#include "transport/amqp/backoff.hpp"
#include "transport/amqp/connection.hpp"
#include "transport/amqp/handshake.hpp"
#include "transport/amqp/refusal.hpp"
#include "transport/net/address_memory.hpp"
#include "transport/net/dialer.hpp"
#include "transport/net/secret_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace warren::transport {
namespace {

/// A connection that breaks sooner counts as one more attempt that failed.
constexpr std::chrono::seconds lasting{10};

class LinkImpl final : public Link,
                       public ConnectionUser,
                       public std::enable_shared_from_this<LinkImpl> {
public:
    LinkImpl(AsioExecutor& executor, AmqpEndpoint endpoint, LinkOptions options)
        : executor_{executor},
          endpoint_{std::move(endpoint)},
          nodes_{endpoint_.nodes()},
          options_{options},
          backoff_{endpoint_.reconnect_pause_max} {
        set_targets();
    }

    ~LinkImpl() override { drop(); }

    AsioExecutor& executor() noexcept override { return executor_; }
    const AmqpEndpoint& endpoint() const noexcept override { return endpoint_; }
    std::string_view progress() const noexcept override {
        return dialer_ != nullptr ? dialer_->progress() : std::string_view{};
    }
    Log* log() const noexcept override { return options_.log; }
    bool up() const noexcept override { return up_; }
    bool ended_by_exception() const noexcept override { return ended_by_exception_; }
    bool ended_in_order() const noexcept override { return ended_in_order_; }
    void worked() noexcept override { backoff_.reset(); }
    amqp::ConnectionCore& core() noexcept override { return connection_->core(); }
    void touch() override {
        if (connection_ != nullptr) {
            connection_->touch();
        }
    }

    void attach(LinkUser& user) override {
        users_.push_back(&user);
        if (up_) {
            executor_.post(core::while_alive(
                weak_from_this(), [this, user = &user, life = lives_] { welcome(user, life); }));
        } else if (!started_) {
            started_ = true;
            // Not at once: the caller is not done yet.
            executor_.post(core::while_alive(weak_from_this(), [this] { dial(); }));
        }
    }

    void renew(const AmqpEndpoint& endpoint) override {
        endpoint_.connection.login = endpoint.connection.login;
        endpoint_.password_file = endpoint.password_file;
        endpoint_.tls = endpoint.tls;
        is_renewed_ = true;
        if (up_ && !closing_) {
            renew_connected();
        } else if (started_ && !closing_) {
            backoff_.reset();
            executor_.cancel(dial_timer_);
            dial_after(std::chrono::milliseconds{0});
        }
    }

    void detach(LinkUser& user) noexcept override {
        std::ranges::replace(users_, &user, static_cast<LinkUser*>(nullptr));
    }

    amqp::CommandResult<amqp::ChannelNumber> open_channel(ChannelUser& user) override {
        if (!up_) {
            return std::unexpected{amqp::CommandError::not_connected};
        }
        const auto number = core().open_channel();
        if (number) {
            if (channels_.size() <= *number) {
                channels_.resize(*number + 1U);
            }
            channels_[*number] = &user;
            touch();
        }
        return number;
    }

    amqp::CommandResult<amqp::ChannelNumber> open_spare_channel(ChannelUser& user) override {
        if (up_ && core().free_channels() <= kept_channels_) {
            return std::unexpected{amqp::CommandError::no_free_channel};
        }
        return open_channel(user);
    }

    void keep_channels(std::size_t count) noexcept override { kept_channels_ = count; }

    void close_channel(amqp::ChannelNumber channel) override {
        if (!up_ || channel >= channels_.size() || channels_[channel] == nullptr) {
            return;
        }
        channels_[channel] = nullptr;
        (void)core().close_channel(channel);
        touch();
    }

    void close(std::move_only_function<void()> closed) override {
        closing_ = true;
        closed_ = std::move(closed);
        executor_.cancel(dial_timer_);
        if (up_ && core().close(executor_.now())) {
            touch();
            return;
        }
        // There is nothing to say goodbye to.
        drop();
        executor_.post(core::while_alive(weak_from_this(), [this] { report_closed(); }));
    }

    void close_now() override {
        closing_ = true;
        if (up_) {
            drop();
            on_ended({{.code = Code::connection_lost,
                       .message = "The broker did not confirm the end in time"}});
        }
    }

    void drop() noexcept {
        executor_.cancel(dial_timer_);
        executor_.cancel(password_timer_);
        dialer_.reset();
        up_ = false;
        channels_.clear();
        if (const auto connection = std::exchange(connection_, nullptr)) {
            connection->abandon();
        }
    }

    void on_event(const amqp::Event& event) override {
        std::visit([&](const auto& which) { handle(which, event); }, event);
    }

    void before_write() override {
        for_each_user([](LinkUser& user) { user.before_write(); });
    }

    void on_ended(const ConnectFailure& why) override {
        const auto self = shared_from_this();
        connection_.reset();
        up_ = false;
        channels_.clear();
        blocked_ = false;
        ended_by_exception_ = why.is_exception;
        ended_in_order_ = why.is_in_order;
        if (executor_.now() - up_since_ > lasting) {
            backoff_.reset();
        }
        addresses_->blame(address_);
        // What it refuses of us now it refuses the next time, too.
        const bool is_refused = why.failure.code == Code::contract_mismatch;
        if (!closing_) {
            log_line(is_refused ? LogLevel::error : LogLevel::warning,
                     fmt::format("{}; connecting again", to_string(why.failure)));
            dial_after(is_refused ? backoff_.next_refused() : backoff_.next());
        }
        for_each_user([&](LinkUser& user) { user.on_down(why.failure); });
        if (is_refused) {
            for_each_user([&](LinkUser& user) { user.on_attempt_failed(why.failure, why.retry); });
        }
        report_closed();
    }

private:
    void set_targets() {
        targets_.clear();
        for (const AmqpEndpoint& node : nodes_) {
            targets_.push_back(node.dial_target());
            targets_.back().address_memory = addresses_;
        }
    }

    template <typename Call>
    void for_each_user(Call call) {
        for (std::size_t index = 0; index < users_.size(); ++index) {
            if (LinkUser* const user = users_[index]; user != nullptr) {
                call(*user);
            }
        }
        std::erase(users_, static_cast<LinkUser*>(nullptr));
    }

    void welcome(LinkUser* user, std::uint64_t life) {
        if (!up_ || life != lives_ || std::ranges::find(users_, user) == users_.end()) {
            return;
        }
        user->on_up();
        if (blocked_) {
            user->on_blocked(blocked_reason_);
        }
    }

    void dial() {
        if (closing_) {
            return;
        }
        if (std::exchange(is_renewed_, false)) {
            dialer_.reset();  // it uses what goes here
            nodes_ = endpoint_.nodes();
            set_targets();
        }
        // The dialler goes only when the next one comes: it is what calls us here.
        dialer_ = std::make_unique<Dialer>(
            executor_, targets_, shake_hands_, [this](Dialer::Dialled dialled) {
                const auto self = shared_from_this();
                dialled ? connected(*dialled) : attempt_failed(dialled.error());
            });
    }

    void connected(Dialer::Connected& dialled) {
        connection_ = static_cast<AmqpHandshake&>(*dialled.trial).take(*this);
        address_ = dialled.address;
        addresses_->praise(address_);
        node_ = dialled.target;
        up_ = true;
        ++lives_;
        up_since_ = executor_.now();
        log_line(LogLevel::info, fmt::format("Connected to {}", here()));
        check_password_later();
        for_each_user([](LinkUser& user) { user.on_up(); });
    }

    void renew_connected() {
        const auto* const login = std::get_if<amqp::PlainLogin>(&endpoint_.connection.login);
        if (login != nullptr && login->user == core().user()) {
            tell_password(login->password, "configured");
        }
        check_password_later();
    }

    void check_password_later() {
        const auto pause = endpoint_.topology_check;
        if (!endpoint_.password_file.empty() && pause.count() != 0) {
            executor_.cancel(password_timer_);
            password_timer_ = executor_.post_at(
                executor_.now() + pause,
                core::while_alive(weak_from_this(), [this] { check_password(); }));
        }
    }

    void check_password() {
        if (up_) {
            if (const auto read = read_secret_file(endpoint_.password_file)) {
                tell_password(*read, "in " + endpoint_.password_file);
            }
            check_password_later();
        }
    }

    /// A token runs out while its connection lasts: the broker is told the one that follows it.
    void tell_password(const std::string& password, std::string_view place) {
        if (!core().password().empty() && password != core().password() &&
            core().update_password(password)) {
            touch();
            log_line(
                LogLevel::info,
                fmt::format("The broker at {} is told the password that is {} now", here(), place));
        }
    }

    /// The node that it is connected to.
    std::string here() const { return nodes_[node_].display(); }

    void dial_after(std::chrono::milliseconds wait) {
        dial_timer_ = executor_.post_at(executor_.now() + wait,
                                        core::while_alive(weak_from_this(), [this] { dial(); }));
    }

    void attempt_failed(const ConnectFailure& why) {
        const bool permanent = why.retry == RetryClass::permanent;
        if (!closing_) {
            log_line(permanent ? LogLevel::error : LogLevel::warning,
                     fmt::format("{}; trying again", to_string(why.failure)));
            dial_after(permanent ? backoff_.next_refused() : backoff_.next());
        }
        for_each_user([&](LinkUser& user) { user.on_attempt_failed(why.failure, why.retry); });
        report_closed();
    }

    void report_closed() {
        if (closing_ && closed_ != nullptr) {
            std::exchange(closed_, nullptr)();
        }
    }

    void log_line(LogLevel level, std::string line) {
        if (options_.log != nullptr && line != last_line_) {
            last_line_ = std::move(line);
            options_.log->write(level, last_line_);
        }
    }

    // What concerns the connection as a whole.
    void handle(const amqp::Connected&, const amqp::Event&) {}
    void handle(const amqp::Blocked& blocked, const amqp::Event&) {
        blocked_ = true;
        blocked_reason_ = peer_words(blocked.reason);
        log_line(LogLevel::warning,
                 fmt::format("The broker at {} takes no messages: {}", here(), blocked_reason_));
        for_each_user([&](LinkUser& user) { user.on_blocked(blocked_reason_); });
    }
    void handle(const amqp::Unblocked&, const amqp::Event&) {
        blocked_ = false;
        log_line(LogLevel::info, fmt::format("The broker at {} takes messages again", here()));
        for_each_user([](LinkUser& user) { user.on_unblocked(); });
    }
    void handle(const std::monostate&, const amqp::Event&) {}
    void handle(const amqp::ConnectionClosed&, const amqp::Event&) {}
    void handle(const amqp::Failed&, const amqp::Event&) {}

    // What concerns one channel.
    void handle(const amqp::ChannelClosed& closed, const amqp::Event& event) {
        if (ChannelUser* const user = user_of(closed.channel); user != nullptr) {
            channels_[closed.channel] = nullptr;
            user->on_channel_event(event);
        }
    }
    template <typename Channelled>
    void handle(const Channelled& channelled, const amqp::Event& event) {
        if (ChannelUser* const user = user_of(channelled.channel); user != nullptr) {
            user->on_channel_event(event);
        }
    }

    ChannelUser* user_of(amqp::ChannelNumber channel) const noexcept {
        return channel < channels_.size() ? channels_[channel] : nullptr;
    }

    AsioExecutor& executor_;
    AmqpEndpoint endpoint_;
    std::vector<AmqpEndpoint> nodes_;
    const std::shared_ptr<AddressMemory> addresses_ = std::make_shared<AddressMemory>();
    std::vector<DialTarget> targets_;  // the nodes'
    const BeginDialTrial shake_hands_ = [this](std::size_t target, std::unique_ptr<Stream> stream,
                                               DialTrialEnded ended) {
        return std::make_unique<AmqpHandshake>(executor_, nodes_[target], std::move(stream),
                                               std::move(ended));
    };
    const LinkOptions options_;
    Backoff backoff_;
    std::vector<LinkUser*> users_;
    std::vector<ChannelUser*> channels_;  // by number
    std::size_t kept_channels_ = 0;
    std::unique_ptr<Dialer> dialer_;
    std::shared_ptr<Connection> connection_;
    AddressMemory::Address address_;  // and where it leads to
    std::size_t node_ = 0;
    runtime::Executor::TimerId dial_timer_ = 0;
    runtime::Executor::TimerId password_timer_ = 0;
    std::uint64_t lives_ = 0;
    runtime::TimePoint up_since_{};
    bool ended_by_exception_ = false;
    bool ended_in_order_ = false;
    bool started_ = false;
    bool up_ = false;
    bool closing_ = false;
    bool is_renewed_ = false;  // `endpoint_`, since the last dialling
    bool blocked_ = false;
    std::string blocked_reason_;
    std::string last_line_;
    std::move_only_function<void()> closed_;
};

}  // namespace

std::shared_ptr<Link> make_link(AsioExecutor& executor, AmqpEndpoint endpoint,
                                LinkOptions options) {
    return std::make_shared<LinkImpl>(executor, std::move(endpoint), options);
}

}  // namespace warren::transport
