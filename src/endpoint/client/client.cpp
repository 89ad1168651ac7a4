#include "endpoint/client/client_implementation.hpp"

#include <memory>
#include <optional>
#include <utility>

namespace warren {
Client::Client(std::unique_ptr<detail::ClientImplementation> implementation)
    : ClientTarget{*implementation, {}}, implementation_{std::move(implementation)} {}

Client::Client(std::string_view url, ClientOptions options)
    : Client{std::make_unique<detail::ClientImplementation>(
          endpoint::value_or_throw(endpoint::parse_address(url)), std::move(options))} {}

Client::~Client() {
    close();
}

void Client::use(std::shared_ptr<ClientInterceptor> interceptor) {
    implementation_->use(std::move(interceptor));
}

void Client::close() noexcept {
    implementation_->close();
}

ClientCounters Client::counters() const noexcept {
    return implementation_->counters();
}

std::string Client::metrics_text() const {
    return implementation_->metrics_text();
}

ClientTarget Client::target(std::string server) {
    return {*implementation_, std::move(server)};
}

Dynamic ClientTarget::call(std::string_view method, const Dynamic& arguments,
                           const CallOptions& options) {
    detail::BlockingSink<Dynamic> sink;
    call_blocking(detail::erase(method, arguments), options, sink);
    return sink.take_data();
}

Reply<Dynamic> ClientTarget::call_for_reply(std::string_view method, const Dynamic& arguments,
                                            const CallOptions& options) {
    detail::BlockingSink<Dynamic> sink;
    call_blocking(detail::erase(method, arguments), options, sink);
    return sink.take_reply();
}

Parts<Dynamic, Dynamic> ClientTarget::stream(std::string_view method, const Dynamic& arguments,
                                             const CallOptions& options) {
    detail::ErasedCall call = detail::erase(method, arguments);
    call.part = &type_of<Dynamic>();
    return begin_stream<Dynamic, Dynamic>(call, options);
}

void ClientTarget::start_call(std::string_view method, const Dynamic& arguments,
                              Completion<Dynamic> completion, const CallOptions& options) {
    using Sink = detail::CompletionSink<Dynamic, Completion<Dynamic>>;
    detail::submit<Sink>(*client_, prepare(detail::erase(method, arguments), options), {},
                         std::move(completion));
}

void ClientTarget::notify(std::string_view method, const Dynamic& arguments,
                          const CallOptions& options) {
    notify_blocking(detail::erase(method, arguments), options);
}

void ClientTarget::start_notify(std::string_view method, const Dynamic& arguments,
                                Completion<void> completion, const CallOptions& options) {
    start_notify(detail::erase(method, arguments), std::move(completion), options);
}

void ClientTarget::notify_blocking(const detail::ErasedCall& call, const CallOptions& options) {
    detail::BlockingSink<void> sink;
    call_blocking(detail::one_way(call), options, sink);
    sink.take_data();
}

void ClientTarget::start_notify(const detail::ErasedCall& call, Completion<void> completion,
                                const CallOptions& options) {
    using Sink = detail::CompletionSink<void, Completion<void>>;
    detail::submit<Sink>(*client_, prepare(detail::one_way(call), options), {},
                         std::move(completion));
}

detail::PreparedCallPointer ClientTarget::prepare(const detail::ErasedCall& call,
                                                  const CallOptions& options) {
    return client_->prepare(call, options, server_, detail::Caller::goes_on);
}

void detail::submit_to(ClientImplementation& client, PreparedCallPointer call, CallSink& sink,
                       std::stop_token stop) {
    call->own(sink);
    client.submit(std::move(call), std::move(stop));
}

void ClientTarget::call_blocking(const detail::ErasedCall& call, const CallOptions& options,
                                 detail::WaitingSink& sink) {
    client_->refuse_on_io_thread();
    client_->call_blocking(client_->prepare(call, options, server_, detail::Caller::waits), sink);
}

detail::ReadyCall ClientTarget::make_ready(const detail::ErasedCall& call,
                                           const CallOptions& options, const Context* of) {
    detail::ReadyCall ready{
        .client = client_,
        .call = client_->prepare(call, options, server_, detail::Caller::goes_on, of)};
    if (of != nullptr) {
        ready.stop = of->stop;
        if (of->deadline) {
            ready.deadline = *of->deadline;
            if (!options.timeout) {
                *ready.deadline -= of->call_margin;
            }
        }
    }
    return ready;
}

void detail::keep_to_deadline(ReadyCall& ready) {
    if (!ready.deadline || ready.call->refused) {
        return;
    }
    const auto left =
        std::chrono::floor<std::chrono::milliseconds>(*ready.deadline - ready.client->now());
    ready.call->timeout = std::min(ready.call->timeout, left);
    if (left.count() <= 0) {
        ready.call->refused =
            Failure{.code = Code::deadline_exceeded,
                    .message = "Not sent: nothing is left of the time that it has"};
    }
}

Context::TimePoint detail::end_of(const ReadyCall& ready) noexcept {
    const Context::TimePoint end = ready.client->now() + ready.call->timeout;
    return std::min(end, ready.deadline.value_or(end));
}

void detail::call_blocking(ReadyCall ready, WaitingSink& sink) {
    refuse_on_io_thread(*ready.client);
    keep_to_deadline(ready);
    ready.client->call_blocking(std::move(ready.call), sink, std::move(ready.stop));
}

void detail::refuse_on_io_thread(const ClientImplementation& client) {
    client.refuse_on_io_thread();
}

bool detail::has_room(const ClientImplementation& client) noexcept {
    return client.has_room();
}

void detail::await_room(ReadyCall& ready) noexcept {
    ready.call->awaits_room = true;
}

}  // namespace warren
