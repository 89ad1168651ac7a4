#include "endpoint/server_listening.hpp"

#include "transport/amqp/link.hpp"
#include "transport/amqp/server_port.hpp"
#include "transport/asio_executor.hpp"
#include "transport/memory/hub.hpp"
#include "transport/memory/server_port.hpp"

#include <cstdint>
#include <utility>
#include <variant>

namespace warren::endpoint {
namespace {

class MemoryListening final : public Listening {
public:
    MemoryListening(ListenerPlan plan, std::vector<const Method*> methods,
                    const core::Limits& limits, const std::string& name)
        : Listening{std::move(plan), std::move(methods), limits},
          hub_{transport::memory::hub(name)} {}

    runtime::Executor& executor() noexcept override { return hub_->executor; }

private:
    std::unique_ptr<runtime::ServerPort> make_port(Log&) override {
        return std::make_unique<transport::memory::MemoryServerPort>(
            hub_->broker, transport::memory::MemoryServerOptions{
                              .topology = topology(),
                              .queue = plan().address.queue,
                              .prefetch = plan().options.max_simultaneous_requests});
    }
    void start(runtime::ServerPort& port, runtime::ServerSink& sink) override {
        static_cast<transport::memory::MemoryServerPort&>(port).start(sink);
    }
    void close_transport(std::move_only_function<void()> closed) override { closed(); }

    std::shared_ptr<transport::memory::Hub> hub_;
};

class AmqpListening final : public Listening {
public:
    AmqpListening(ListenerPlan plan, std::vector<const Method*> methods, const core::Limits& limits,
                  transport::AsioExecutor& asio)
        : Listening{std::move(plan), std::move(methods), limits}, asio_{asio} {}

    runtime::Executor& executor() noexcept override { return asio_; }

private:
    std::unique_ptr<runtime::ServerPort> make_port(Log& log) override {
        transport::AmqpEndpoint endpoint = std::get<transport::AmqpEndpoint>(plan().address.broker);
        endpoint.connection.body_bytes_max = limits().body_bytes_max;
        link_ = std::make_shared<transport::Link>(asio_, std::move(endpoint),
                                                  transport::LinkOptions{.log = &log});
        return std::make_unique<transport::AmqpServerPort>(
            link_, transport::AmqpServerOptions{.topology = topology(),
                                                .queue = plan().address.queue,
                                                .prefetch = static_cast<std::uint16_t>(
                                                    plan().options.max_simultaneous_requests)});
    }
    void start(runtime::ServerPort& port, runtime::ServerSink& sink) override {
        static_cast<transport::AmqpServerPort&>(port).start(sink);
    }
    void close_transport(std::move_only_function<void()> closed) override {
        if (!link_) {
            return closed();
        }
        // The link lives until it has said so, and is let go outside of its own call.
        link_->close([this, closed = std::move(closed)]() mutable {
            asio_.post([link = std::move(link_), closed = std::move(closed)]() mutable {
                link.reset();
                closed();
            });
        });
    }

    transport::AsioExecutor& asio_;
    std::shared_ptr<transport::Link> link_;
};

}  // namespace

Listening::Listening(ListenerPlan plan, std::vector<const Method*> methods,
                     const core::Limits& limits)
    : plan_{std::move(plan)}, limits_{limits}, methods_{std::move(methods)} {
    auto dialect = dialect_of(plan_, methods_, limits_);
    if (!dialect) {
        throw Error{std::move(dialect.error())};
    }
    dialect_ = std::move(*dialect);
    topology_ = topology_of(plan_, methods_, *dialect_);
}

std::string Listening::display() const {
    return plan_.display() + " methods=" + std::to_string(methods_.size());
}

void Listening::open(runtime::Dispatcher& dispatcher, Log& log, runtime::ListenerPolicy policy,
                     std::function<void()> on_change) {
    policy.methods = methods_;
    policy.keys = plan_.keys;
    policy.secrets = plan_.options.clear_secrets == ClearSecrets::accept
                         ? model::SecretPolicy::accept_clear
                         : model::SecretPolicy::must_be_encrypted;
    policy.secrets_ttl = plan_.options.fernet_ttl;
    port_ = make_port(log);
    server_ = std::make_unique<runtime::MessageServer>(
        *dialect_, *port_, dispatcher, log,
        runtime::MessageServerOptions{.name = plan_.display(),
                                      .policy = std::move(policy),
                                      .in_flight_max = plan_.options.max_simultaneous_requests,
                                      .on_consuming = on_change,
                                      .on_lost = [on_change](const Failure&) { on_change(); }});
    start(*port_, *server_);
}

void Listening::close(std::move_only_function<void()> closed) {
    close_transport([this, closed = std::move(closed)]() mutable {
        server_.reset();
        port_.reset();
        closed();
    });
}

std::unique_ptr<Listening> make_listening(ListenerPlan plan, std::vector<const Method*> methods,
                                          const core::Limits& limits,
                                          transport::AsioExecutor& asio) {
    if (const auto* memory = std::get_if<MemoryAddress>(&plan.address.broker)) {
        const std::string name = memory->name;
        return std::make_unique<MemoryListening>(std::move(plan), std::move(methods), limits, name);
    }
    return std::make_unique<AmqpListening>(std::move(plan), std::move(methods), limits, asio);
}

}  // namespace warren::endpoint
