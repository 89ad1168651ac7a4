#pragma once

#include <warren/contract.hpp>
#include <warren/detail/call_sink.hpp>
#include <warren/detail/ready_call.hpp>
#include <warren/error.hpp>
#include <warren/options.hpp>
#include <warren/parts.hpp>
#include <warren/reply.hpp>

#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace warren {

class ClientInterceptor;  // <warren/interceptor.hpp>

/// What a client has done so far.
struct ClientCounters {
    std::uint64_t calls = 0;
    std::uint64_t succeeded = 0;
    std::uint64_t failed = 0;           // in whatever way
    std::uint64_t replies_dropped = 0;  // late or duplicate: nobody waits for them
    std::uint64_t in_flight = 0;        // now
};

/// The ways to call a server: what a client and each of its targets have.
/// thread any, also the same object
class ClientTarget {
public:
    /// Call a method and wait for its data.
    /// err  throws Error: invalid_request before anything is sent when the request breaks the
    ///      contract; contract_mismatch when the response does; otherwise see Code. From a
    ///      completion of this client's own it would wait for itself, so there it is `internal`.
    template <Contract C>
    typename C::response_type call(const typename C::request_type& request,
                                   const CallOptions& options = CallOptions::none()) {
        detail::BlockingSink<typename C::response_type> sink;
        call_blocking(detail::erase<C>(request), options, sink);
        return sink.take_data();
    }

    /// As `call`, with the reply's message; a failure that the handler itself told is a reply too,
    /// with `success` false and its data, when that keeps to the contract.
    template <Contract C>
        requires(!std::is_void_v<typename C::response_type>)
    Reply<typename C::response_type> call_for_reply(
        const typename C::request_type& request, const CallOptions& options = CallOptions::none()) {
        detail::BlockingSink<typename C::response_type> sink;
        call_blocking(detail::erase<C>(request), options, sink);
        return sink.take_reply();
    }

    /// Call a method whose contract is not known here.
    /// in   arguments: a map by name, a list by position, or the one argument itself. Secrets are
    ///      recognised by name; what is a token of one of the client's keys already stays one.
    Dynamic call(std::string_view method, const Dynamic& arguments,
                 const CallOptions& options = CallOptions::none());
    /// As `call` without a contract, with the reply's message.
    Reply<Dynamic> call_for_reply(std::string_view method, const Dynamic& arguments,
                                  const CallOptions& options = CallOptions::none());

    /// Call a method that sends parts before its response, and take them one after the other: see
    /// `Parts`. Returns at once.
    /// err  from `Parts`: throws Error as `call`; invalid_request where the way there has no parts;
    ///      connection_lost when not all of them came
    template <StreamContract C>
    Parts<typename C::part_type, typename C::response_type> stream(
        const typename C::request_type& request, const CallOptions& options = CallOptions::none()) {
        return begin_stream<typename C::part_type, typename C::response_type>(
            detail::erase_stream<C>(request), options);
    }
    /// The same of a method whose contract is not known here, which may have no parts.
    Parts<Dynamic, Dynamic> stream(std::string_view method, const Dynamic& arguments,
                                   const CallOptions& options = CallOptions::none());

    /// What is called with a call's outcome.
    template <typename T>
    using Completion = std::move_only_function<void(std::expected<T, Failure>)>;

    /// Call a method without waiting. The request is not used any more when this returns.
    /// in   completion: called exactly once, on the client's I/O thread, and after this returned
    ///      (of a closed client: inside of this). It must not block: nothing else arrives
    ///      meanwhile.
    template <Contract C, typename Function = Completion<typename C::response_type>>
        requires std::invocable<Function&, std::expected<typename C::response_type, Failure>>
    void start_call(const typename C::request_type& request, Function completion,
                    const CallOptions& options = CallOptions::none()) {
        using Sink = detail::CompletionSink<typename C::response_type, Function>;
        detail::submit<Sink>(*client_, prepare(detail::erase<C>(request), options), {},
                             std::move(completion));
    }
    void start_call(std::string_view method, const Dynamic& arguments,
                    Completion<Dynamic> completion,
                    const CallOptions& options = CallOptions::none());
    /// The same of a method that sends parts.
    /// in   on_part: called with each part, as `completion` is with the response after them
    template <StreamContract C, std::invocable<typename C::part_type> OnPart,
              typename Function = Completion<typename C::response_type>>
    void start_stream(const typename C::request_type& request, OnPart on_part, Function completion,
                      const CallOptions& options = CallOptions::none()) {
        using Sink = detail::PartsCompletionSink<typename C::part_type, typename C::response_type,
                                                 OnPart, Function>;
        detail::submit<Sink>(*client_, prepare(detail::erase_stream<C>(request), options), {},
                             std::move(on_part), std::move(completion));
    }

    /// Call a method one-way: nothing comes back, neither data nor a failure, which the server
    /// logs. Returns when the request is on its way: in a broker's queue, as the broker has
    /// confirmed, or without a broker handed to the connection, with which it may be lost. arrpc
    /// has none.
    /// in   options: a `timeout` given here also stays with the request: it is not begun later
    /// err  throws Error: as `call`; invalid_request of arrpc; overloaded when too much of what was
    ///      sent before waits until the server reads it
    template <Contract C>
    void notify(const typename C::request_type& request,
                const CallOptions& options = CallOptions::none()) {
        notify_blocking(detail::erase<C>(request), options);
    }
    void notify(std::string_view method, const Dynamic& arguments,
                const CallOptions& options = CallOptions::none());

    /// The same without waiting, as `start_call`.
    template <Contract C>
    void start_notify(const typename C::request_type& request, Completion<void> completion,
                      const CallOptions& options = CallOptions::none()) {
        start_notify(detail::erase<C>(request), std::move(completion), options);
    }
    void start_notify(std::string_view method, const Dynamic& arguments,
                      Completion<void> completion,
                      const CallOptions& options = CallOptions::none());

    // The building blocks of other ways to complete, such as <warren/async.hpp>.

    /// Keep the arguments. What is wrong with them shows when the call completes.
    detail::PreparedCallPointer prepare(const detail::ErasedCall& call, const CallOptions& options);
    /// The same for a call that begins later.
    /// in   of: the call that it is made for, which it takes after; null: none
    detail::ReadyCall make_ready(const detail::ErasedCall& call, const CallOptions& options,
                                 const Context* of);
    /// For `detail::submit`.
    detail::ClientImplementation& implementation() const noexcept { return *client_; }

private:
    friend class Client;
    /// in   server: empty: the address's
    ClientTarget(detail::ClientImplementation& client, std::string server) noexcept
        : client_{&client}, server_{std::move(server)} {}

    template <typename Part, typename Response>
    Parts<Part, Response> begin_stream(const detail::ErasedCall& call, const CallOptions& options) {
        auto queue = std::make_shared<detail::PartsQueue<Part, Response>>();
        std::stop_source stop;
        detail::submit<detail::PartsSink<Part, Response>>(*client_, prepare(call, options),
                                                          stop.get_token(), queue);
        return {std::move(queue), std::move(stop)};
    }
    void call_blocking(const detail::ErasedCall& call, const CallOptions& options,
                       detail::WaitingSink& sink);
    void notify_blocking(const detail::ErasedCall& call, const CallOptions& options);
    void start_notify(const detail::ErasedCall& call, Completion<void> completion,
                      const CallOptions& options);

    detail::ClientImplementation* client_;
    std::string server_;
};

/// Calls methods of servers over one connection, any number of calls at once. It connects in the
/// background and again after a loss; calls made meanwhile wait, each until its own deadline.
/// Every call ends in exactly one way, and every failure is an `Error` of the catalogue.
///
///     warren::Client client{"amqp://guest:guest@localhost/?queue=test"};
///     Response response = client.call<dx_example_method>(Request{FavouriteFood::onion});
///
/// Each client has one I/O thread and one connection of its own: make one and share it.
/// What it calls itself goes to the server that its address names.
/// thread any, also the same object; its destruction only after all its own calls began
class Client : public ClientTarget {
public:
    /// in   url: tcp://HOST:PORT[,HOST:PORT...], tls://, arrpc:// or arrpcs:// without a broker;
    ///      over ZeroMQ zmq+tcp://HOST:PORT[,HOST:PORT...], zmq+ipc:///PATH or zmq+inproc://NAME;
    ///      amqp://[USER[:PASSWORD]@]HOST[:PORT][,HOST...]/[VHOST]?queue=QUEUE, amqps://..., or
    ///      memory:NAME for a server in this process. Parameters: queue, protocol (cyberfusion,
    ///      tutorial or callme, with server_id instead of queue), reply (exclusive, direct or
    ///      durable), reply_queue, and AMQP's own (cacertfile, certfile, keyfile, key_password,
    ///      verify, server_name_indication, auth_mechanism, heartbeat, connection_timeout,
    ///      channel_max, reconnect_pause_max, topology_check)
    /// err  throws Error (invalid_request) for an address or option that cannot be; never for a
    ///      broker that does not answer: that is its calls' matter
    explicit Client(std::string_view url, ClientOptions options = {});
    /// As `close`.
    ~Client();
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    /// Have an interceptor around all calls from now on, inside of those that were given before:
    /// see <warren/interceptor.hpp>. Not while another thread makes a call.
    void use(std::shared_ptr<ClientInterceptor> interceptor);

    /// End: calls without a response are `cancelled`, and the I/O thread ends. Never waits for a
    /// broker. May be called from a completion; the thread then ends by itself.
    void close() noexcept;

    /// What it has done until now.
    ClientCounters counters() const noexcept;
    /// What is counted and timed, as text for Prometheus (version 0.0.4), for a program that shows
    /// it together with its own. Empty without `ClientOptions::metrics`.
    std::string metrics_text() const;

    /// One server of several at the same broker, by its queue or, of callme, by its id. Calls go
    /// over this client's connection, whatever `CallOptions::server` says.
    ///
    ///     client.target("fooserver").call("add", warren::Dynamic::list({1, 1}));
    /// out  valid as long as this client
    ClientTarget target(std::string server);

private:
    explicit Client(std::unique_ptr<detail::ClientImplementation> implementation);

    std::unique_ptr<detail::ClientImplementation> implementation_;
};

}  // namespace warren
