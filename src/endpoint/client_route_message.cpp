#include "endpoint/client_route.hpp"
#include "endpoint/client_transport.hpp"
#include "endpoint/dialects.hpp"
#include "endpoint/topic_pattern.hpp"
#include "runtime/message_client.hpp"
#include "transport/net/certificate_name.hpp"

#include <string>
#include <utility>
#include <variant>

namespace warren::endpoint {
namespace {

/// As whom the broker knows a client.
/// err  throws Error (invalid_request): nothing says it
std::string amqp_user_of(const Address& address) {
    if (!address.amqp_user.empty()) {
        return address.amqp_user;
    }
    const auto* const broker = std::get_if<transport::AmqpEndpoint>(&address.place);
    if (broker == nullptr) {
        return "memory";
    }
    if (const auto* plain = std::get_if<amqp::PlainLogin>(&broker->connection.login)) {
        return plain->user;
    }
    auto name = transport::certificate_common_name(broker->tls ? broker->tls->certificate_file
                                                               : std::string{});
    if (!name) {
        throw Error{std::move(name.error())};
    }
    return std::move(*name);
}

protocol::MakeReplyTopology reply_topology_of(const Address& address,
                                              const protocol::MessageDialect& dialect) {
    // Only there is it known, and asked for, as whom the login is.
    return address.protocol == callme
               ? dialect.reply_topology(amqp_user_of(address), address.reply_topology)
               : protocol::MakeReplyTopology{};
}

std::unique_ptr<ClientTransport> make_transport(const Address& address,
                                                const protocol::MessageDialect& dialect,
                                                const ClientOptions& options) {
    ClientReplies replies{
        .mode = address.reply_mode.value_or(options.reply_mode),
        .queue = address.reply_queue.empty() ? options.reply_queue : address.reply_queue,
        .topology = reply_topology_of(address, dialect)};
    if (const auto* memory = std::get_if<MemoryAddress>(&address.place)) {
        return make_memory_client(*memory, std::move(replies));
    }
    transport::AmqpEndpoint broker = std::get<transport::AmqpEndpoint>(address.place);
    broker.connection.body_bytes_max = client_limits(address, options).body_bytes_max;
    return make_amqp_client(broker, options.spin_max, std::move(replies), options.log);
}

std::unique_ptr<protocol::MessageDialect> dialect_for(const Address& address,
                                                      const ClientOptions& options) {
    auto dialect = make_message_dialect(
        address.protocol,
        {.method = address.method,
         .format = address.format,
         .pickle_protocol = address.pickle_protocol.value_or(format::pickle_protocol_default)},
        client_limits(address, options));
    if (!dialect) {
        throw Error{std::move(dialect.error())};
    }
    return std::move(*dialect);
}

/// Who wants replies that outlive connections, waits for servers, too.
WhenAbsent when_absent(const Address& address, const ClientOptions& options) {
    return address.reply_mode.value_or(options.reply_mode) == ReplyMode::durable
               ? WhenAbsent::wait
               : options.when_absent;
}

/// Calls are messages to a broker.
class MessageRoute final : public ClientRoute {
public:
    MessageRoute(const Address& address, const ClientOptions& options)
        : dialect_{dialect_for(address, options)},
          transport_{make_transport(address, *dialect_, options)},
          calls_{std::make_shared<runtime::MessageClient>(
              transport_->executor(), *dialect_,
              runtime::MessageClientOptions{
                  .server = address.queue,
                  .broker = address.display(),
                  .in_flight_max = options.in_flight_max,
                  .random = random_octets(),
                  .persistent = address.persistent ? address.persistent : options.persistent,
                  .when_absent = when_absent(address, options),
                  .connect_attempts = options.connect_attempts})} {
        transport_->start(calls_,
                          [calls = calls_](runtime::ClientPort& port) { calls->attach(port); });
    }

    runtime::ClientCalls& calls() noexcept override { return *calls_; }
    metrics::ClientFigures figures() const override { return figures_of(*calls_); }
    bool is_current_thread() const noexcept override { return transport_->is_current_thread(); }
    void run_errand(runtime::Errand& errand) override { transport_->run_errand(errand); }
    void close() override {
        transport_->stop([calls = calls_] { calls->close(); });
    }

private:
    const std::unique_ptr<protocol::MessageDialect> dialect_;
    const std::unique_ptr<ClientTransport> transport_;
    const std::shared_ptr<runtime::MessageClient> calls_;
};

}  // namespace

std::unique_ptr<ClientRoute> make_message_route(const Address& address,
                                                const ClientOptions& options) {
    if (!options.auth_secrets.empty()) {
        throw Error{Code::invalid_request, "Secrets to sign with are of tcp:// and its like"};
    }
    if (auto checked = check_reply_queue(address.protocol, options.reply_queue); !checked) {
        throw Error{std::move(checked.error())};
    }
    return std::make_unique<MessageRoute>(address, options);
}

}  // namespace warren::endpoint
