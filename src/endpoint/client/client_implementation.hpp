#pragma once

#include <warren/client.hpp>

#include "endpoint/client/client_call.hpp"
#include "endpoint/client/client_route.hpp"
#include "endpoint/client/metadata_check.hpp"
#include "endpoint/failures.hpp"
#include "endpoint/log_queue.hpp"
#include "endpoint/protocols/descriptor.hpp"
#include "endpoint/server/metrics_route.hpp"
#include "format/fernet/fernet.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace warren {

/// What is behind a `Client` and its targets: it prepares calls, and its route carries them.
/// thread any, where nothing else is said
class detail::ClientImplementation {
public:
    ClientImplementation(const endpoint::Address& address, ClientOptions options)
        : options_{with_queued_log(std::move(options))},
          keys_{endpoint::value_or_throw(format::Keyring::parse(options_.fernet_keys))},
          protocol_{*address.protocol},
          secret_depth_{protocol_.secret_depth_for(
              address.nested_secrets ? address.nested_secrets : options_.nested_secrets)},
          is_brokerless_{address.is_brokerless()},
          publishes_{address.is_one_way()},
          broadcasts_{address.broadcasts()},
          metadata_check_{address},
          tells_contract_{options_.tells_contract.value_or(!is_brokerless_) &&
                          metadata_check_.is_carried() && address.is_warren() && !publishes_},
          address_{address.display()},
          route_{endpoint::make_client_route(address, options_)},
          calls_{route_->calls()} {
        if (options_.metrics != ClientMetrics::none) {
            series_ = std::make_shared<metrics::ClientSeries>(
                endpoint::metrics_route(address, !options_.auth_secrets.empty()));
            calls_.count_into(series_);
        }
        if (options_.metrics == ClientMetrics::warren_and_arrpc) {
            host_ = metrics::host_labels();
        }
    }

    std::string metrics_text() const {
        return series_ ? series_->text(route_->figures(), host_) : std::string{};
    }

    void close() {
        if (!is_closed_.exchange(true)) {
            route_->close();
        }
    }

    void use(std::shared_ptr<ClientInterceptor> interceptor) {
        if (interceptors_ == nullptr) {
            interceptors_ = std::make_shared<endpoint::ClientInterceptors>(
                address_, metadata_check_.is_carried());
        }
        interceptors_->all.push_back(std::move(interceptor));
    }

    /// in   target: the server's name; empty: the one of the options
    ///      of: the call that it is made for; null: none
    detail::PreparedCallPointer prepare(const detail::ErasedCall& call, const CallOptions& options,
                                        const std::string& target, detail::Caller caller,
                                        const Context* of = nullptr) const {
        return interceptors_ == nullptr ? prepare_plain(call, options, target, caller, of)
                                        : prepare_intercepted(call, options, target, caller, of);
    }

    detail::PreparedCallPointer prepare_intercepted(const detail::ErasedCall& call,
                                                    CallOptions options, const std::string& target,
                                                    detail::Caller caller,
                                                    const Context* of) const {
        options.server = target.empty() ? options.server : target;
        if (of != nullptr && metadata_check_.is_carried()) {
            inherit(options, *of);
        }
        auto intercepted = std::make_unique<endpoint::InterceptedCall>(interceptors_, options_.log,
                                                                       call, std::move(options));
        auto refused = intercepted->begin();
        auto prepared = prepare_plain(call, intercepted->options(), {}, caller, of);
        if (refused) {
            prepared->refused = std::move(refused);
        }
        prepared->intercepted = std::move(intercepted);
        return prepared;
    }

    /// What it says of its contract. Where that has no model, servers may have a parameter for it.
    std::string_view print_of(const detail::ErasedCall& call) const {
        return tells_contract_ && call.print != nullptr && call.request->model
                   ? call.print->of(call.method, *call.request, *call.contract_response,
                                    call.contract_part)
                   : std::string_view{};
    }

    detail::PreparedCallPointer prepare_plain(const detail::ErasedCall& call,
                                              const CallOptions& options, const std::string& target,
                                              detail::Caller caller, const Context* of) const {
        // Only tokens need the time.
        const std::int64_t now = keys_.empty() ? 0 : calls_.executor().unix_seconds();
        detail::PreparedCallPointer prepared = detail::idle_prepared_call();
        prepared->prepare(call, options.named.value(), keys_, secret_depth_, now, caller);
        prepared->describe(options, metadata_check_.is_carried() ? of : nullptr, print_of(call));
        prepared->is_nested = of != nullptr;
        const std::string& server = target.empty() ? options.server : target;
        prepared->address_to(server);
        if (is_special(call, server, prepared->metadata)) [[unlikely]] {
            if (auto refused = refusal_of(call, server, prepared->metadata);
                refused && !prepared->refused) {
                prepared->refused = std::move(refused);
            }
        }
        prepared->timeout = options.timeout.value_or(options_.timeout);
        prepared->when_blocked = options.when_blocked.value_or(options_.when_blocked);
        prepared->bears_deadline = call.wants_response || options.timeout.has_value();
        prepared->idempotent = options.idempotent;
        prepared->stop = options.stop;
        prepared->log = options_.log;
        return prepared;
    }

    void submit(detail::PreparedCallPointer call, std::stop_token stop) {
        call->watch(calls_, std::move(stop));
        calls_.submit(*call.release());
    }

    /// in   stop: cancels it, as the one of its options
    void call_blocking(detail::PreparedCallPointer call, detail::WaitingSink& sink,
                       std::stop_token stop = {}) {
        if (call->refused) {
            call->refused->of_nested_call = call->is_nested;
            if (call->intercepted != nullptr) {
                call->intercepted->end(call->refused->code, call->refused->message);
            }
            throw Error{std::move(*call->refused)};
        }
        call->sink = &sink;
        BlockingCall blocking{*this, std::move(call), sink, std::move(stop)};
        route_->run_until_done(blocking);
    }

    runtime::TimePoint now() const noexcept { return calls_.executor().now(); }
    bool has_room() const noexcept { return calls_.has_room(); }
    bool is_idle() const noexcept { return calls_.counters().in_flight() == 0; }

    void refuse_on_io_thread() const {
        if (route_->is_current_thread()) {
            throw Error{Code::internal,
                        "Not sent: a blocking call from the client's "
                        "I/O thread would wait for "
                        "itself; use start_call or async_call"};
        }
    }

    ClientCounters counters() const {
        const runtime::ClientCounts& counted = calls_.counters();
        ClientCounters counters{.calls = counted.calls(),
                                .succeeded = counted.successes.get(),
                                .replies_dropped = calls_.replies_dropped(),
                                .in_flight = counted.in_flight()};
        for (const runtime::SingleWriterCounter& failures : counted.failures) {
            counters.failed += failures.get();
        }
        return counters;
    }

private:
    /// Whether it is a call that some addresses have none of.
    bool is_special(const detail::ErasedCall& call, std::string_view server,
                    const protocol::Metadata& metadata) const noexcept {
        return !server.empty() || !call.wants_response || publishes_ || broadcasts_ ||
               metadata.has_texts() || metadata.priority || metadata.takes_more_than_end();
    }

    /// What this client's address has no such calls of.
    [[gnu::noinline]] std::optional<Failure> refusal_of(const detail::ErasedCall& call,
                                                        std::string_view server,
                                                        const protocol::Metadata& metadata) const {
        if (auto refused = metadata_check_.refuse(metadata)) {
            return refused;
        }
        if (is_brokerless_ && !server.empty()) {
            return Failure{.code = Code::invalid_request,
                           .message =
                               "Not sent: without a broker a client calls the servers of "
                               "its address, no other one"};
        }
        if (!call.wants_response && !protocol_.has_one_way) {
            return Failure{
                .code = Code::invalid_request,
                .message = "Not sent: " + std::string{protocol_.name} +
                           " has no one-way calls, as every request of it is answered; make "
                           "a call and ignore what it gives"};
        }
        if (call.wants_response && publishes_) {
            return Failure{.code = Code::invalid_request,
                           .message =
                               "Not sent: what is published has no answer; make a one-way call "
                               "(Client::notify, warren call --one-way)"};
        }
        if (call.wants_response && broadcasts_ && call.response->kind != Type::Kind::dynamic) {
            return Failure{.code = Code::invalid_request,
                           .message =
                               "Not sent: a broadcast has a list of answers; call the method by "
                               "its name, which gives a Dynamic, or leave out "
                               "distribution=broadcast"};
        }
        return std::nullopt;
    }

    static ClientOptions with_queued_log(ClientOptions options) {
        if (options.log) {
            options.log = endpoint::queued(options.log);
        }
        return options;
    }

    /// What a call says that is made for another one, where its options do not.
    static void inherit(CallOptions& options, const Context& of) {
        if (options.traceparent.empty()) {
            options.traceparent = of.traceparent;
            options.tracestate = options.tracestate.empty() ? of.tracestate : options.tracestate;
        }
        options.baggage = options.baggage.empty() ? of.baggage : options.baggage;
        options.priority = options.priority ? options.priority : of.priority;
    }

    class BlockingCall final : public runtime::BlockingOperation {
    public:
        BlockingCall(ClientImplementation& client, detail::PreparedCallPointer call,
                     detail::WaitingSink& sink, std::stop_token stop)
            : client_{client}, call_{std::move(call)}, sink_{sink}, stop_{std::move(stop)} {}

        void start() override { client_.submit(std::move(call_), std::move(stop_)); }
        bool is_done() const noexcept override { return sink_.is_finished(); }
        void wait() override { sink_.wait(); }
        bool leaves_work() const noexcept override { return !client_.is_idle(); }

    private:
        ClientImplementation& client_;
        detail::PreparedCallPointer call_;
        detail::WaitingSink& sink_;
        std::stop_token stop_;
    };

    const ClientOptions options_;
    const format::Keyring keys_;
    const endpoint::ProtocolDescriptor& protocol_;
    const model::SecretDepth secret_depth_;
    const bool is_brokerless_;
    const bool publishes_;
    const bool broadcasts_;
    const endpoint::MetadataCheck metadata_check_;
    const bool tells_contract_;
    const std::string address_;  // for people
    const std::unique_ptr<endpoint::ClientRoute> route_;
    runtime::ClientCalls& calls_;
    std::shared_ptr<metrics::ClientSeries> series_;
    std::optional<metrics::HostLabels> host_;
    std::shared_ptr<endpoint::ClientInterceptors> interceptors_;  // null: there are none
    std::atomic<bool> is_closed_ = false;
};

}  // namespace warren
