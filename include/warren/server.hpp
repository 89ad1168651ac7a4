#pragma once

#include <warren/call_log.hpp>
#include <warren/context.hpp>
#include <warren/forward.hpp>
#include <warren/idempotency.hpp>
#include <warren/listener.hpp>
#include <warren/method.hpp>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace warren {

/// What a server's replies are.
enum class ServerReplies : std::uint8_t {
    by_handlers,
    mock,  // requests are checked, no handler runs: data generated from the response's model
};

/// The settings of a server.
struct ServerOptions {
    /// Threads that run handlers; 0: 4, or twice the cores, or as many as the listeners may run at
    /// once, whichever is most.
    std::size_t workers = 0;
    std::chrono::milliseconds drain_timeout{30'000};  // of `stop`
    /// How long `drain` goes on taking requests, at first, while /readyz says already that the
    /// server ends: until whoever spreads calls over several servers has noticed.
    std::chrono::milliseconds drain_delay{0};
    ServerReplies replies = ServerReplies::by_handlers;
    std::shared_ptr<Log> log{};  // null: nowhere
    /// As that of ClientOptions.
    std::chrono::microseconds spin_max{0};
    /// Where to answer HTTP requests for /metrics (for Prometheus), /healthz (it lives) and /readyz
    /// (every listener consumes): HOST:PORT, port 0 for a free one. Empty: nowhere.
    std::string admin_address{};
    /// Instead of an address: a socket that listens already, as `ListenerTcp::listening_socket`.
    std::optional<int> admin_socket{};
    /// Who asks there for anything but its health says this: `Authorization: Bearer TOKEN`; empty:
    /// whoever reaches it may ask.
    std::string admin_token{};
    /// Where that was said, such as "warren.yml:4: admin.address". A failure begins with it.
    std::string admin_origin{};
    bool arrpc_metrics = false;           // show metrics also with the names and labels of arrpc's
    StoreOptions store{};                 // where replies are kept, so that no call is done twice
    std::shared_ptr<CallLog> call_log{};  // where all calls are recorded; null: nowhere

    /// How far the time of a signed request may be ahead of this machine's, at most 10 s. A server
    /// that takes such begins to listen so long after its start, as until then the process before
    /// it may have taken what is sent to it again.
    std::chrono::milliseconds auth_clock_ahead_max{1'000};

    // Limits; what is over one is refused.
    std::size_t body_bytes_max = std::size_t{16} << 20;  // of a request
    std::size_t nesting_depth_max = 128;                 // lists and maps in one another
    std::size_t value_count_max = std::size_t{1} << 20;  // values in one request
    std::size_t lock_waiters_max = 65'536;               // requests that wait for locks
    std::size_t queued_calls_max = 65'536;               // requests that wait for a worker
};

/// Serves methods to whoever sends requests to its listeners.
///
///     warren::Server server;
///     server.method("add", [](int a, int b) { return a + b; }, {"a", "b"});
///     server.listen("memory:quick");
///     server.start();
///
/// First methods, interceptors and listeners, then `start`, then `stop`; a server starts once.
/// thread one, which is none of its own: not from a handler
class Server {
public:
    explicit Server(ServerOptions options = {});
    /// As `stop_now`, waiting for handlers that run.
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    /// As `Registry::method`.
    template <typename Handler>
    MethodOptions method(std::string_view name, Handler handler) {
        return methods().method(name, std::move(handler));
    }
    template <typename Handler>
    MethodOptions method(std::string_view name, Handler handler, ParameterNames parameter_names) {
        return methods().method(name, std::move(handler), std::move(parameter_names));
    }
    template <Contract C, typename Handler>
    MethodOptions method(Handler handler) {
        return methods().method<C>(std::move(handler));
    }
    /// Its methods, to register further ones at.
    Registry& methods() noexcept;

    /// Register the methods of every module in some directories.
    /// err  throws Error (internal) naming each file that could not be loaded, and why
    void load_modules(const std::vector<std::string>& directories);

    /// Add a listener.
    /// err  throws Error (invalid_request) for an address or option that cannot be
    void listen(ListenerOptions options);
    /// A template, so that `listen({.url = ...})` can only mean the other one.
    template <std::convertible_to<std::string> Url>
    void listen(Url&& url) {
        listen(ListenerOptions{.url = std::forward<Url>(url)});
    }

    /// Forward the calls of a listener to another address, of any transport, instead of serving
    /// methods. `methods` of its options are the only ones that are forwarded; empty: whatever is
    /// asked for. Callers get the other side's answer, and its failures as they are.
    /// err  throws Error (invalid_request) for an address or option that cannot be, or when calls
    ///      would come round to where they came from
    void forward(ListenerOptions from, ForwardOptions options);

    /// Have an interceptor around the calls of all listeners and proxies, inside of those that were
    /// given before: see <warren/interceptor.hpp>.
    void use(std::shared_ptr<ServerInterceptor> interceptor);

    /// To be called once, when every listener consumes for the first time. It must not block.
    /// thread of the callback: an I/O thread
    void on_ready(std::function<void()> callback);

    /// To be called when a client sends the command `ShutdownServer` to a listener with
    /// `allow_shutdown`, which is answered before the server ends. It must see to it that `stop` is
    /// called, and not block. Without it the command fails.
    /// thread of the callback: one that runs handlers
    void on_shutdown(std::function<void()> callback);

    /// What it was made with.
    const ServerOptions& options() const noexcept;

    /// Serve. Modules are started first [Registry::on_start]. Brokers are connected to in the
    /// background, for ever; all other listeners consume when this returns.
    /// err  throws Error (no_such_method) when a listener is to serve what is not registered;
    ///      (invalid_request) for an address that cannot be listened at or a certificate that
    ///      cannot be read; (failed) when a module's start fails; nothing was consumed then
    void start();
    /// Whether every listener consumes now.          thread any
    bool ready() const noexcept;
    /// Each listener, such as "amqp://localhost:5672/test queue=test methods=3" or
    /// "tcp://127.0.0.1:40123 methods=3".
    std::vector<std::string> listeners() const;
    /// The address of each listener, in their order, as a client of this machine could call it,
    /// such as "tcp://127.0.0.1:40123" or "amqp://localhost:5672/test?queue=test": with the
    /// parameters that say how, and without whatever says who the client is or whom it trusts.
    std::vector<std::string> addresses() const;
    /// Where it answers monitoring, such as "127.0.0.1:9095"; empty: nowhere.
    std::string admin_address() const;
    /// Take options of listeners anew, all or nothing: what they say of TLS, whose files are read
    /// again, Fernet keys, signing secrets (where there were some), passwords of brokers, limits,
    /// interceptors, strict contracts and compression; of forwarding, `to` and its secrets. Nothing
    /// else of them has an effect. Calls that begin from then on have these, those that run what
    /// they had; a broker sees another password at the next connection.
    /// in   listeners: one for each `listen` and `forward`, in their order and at their places;
    ///      forwards: the same for each `forward`
    /// err  throws Error (invalid_request): one of them cannot be, or is of another place; nothing
    ///      has changed
    /// thread any but an I/O thread, while the server runs; one at a time
    void reload(std::vector<ListenerOptions> listeners, std::vector<ForwardOptions> forwards = {});

    /// Whether each I/O thread comes round within some time, or the server does not run: what a
    /// watchdog asks. One that does not is blocked, such as by a handler that runs on it.
    /// thread any, from `start` on; waits so long at most
    bool is_responsive(std::chrono::milliseconds within);

    /// Be ready no more at once, and after the drain delay take no more requests, and finish those
    /// that were taken: answered and acknowledged. Replies that wait for a broker are waited for,
    /// too.
    /// in   timeout: after the drain delay
    /// out  false when it timed out: go on with `drain` or `stop_now`; or, with the
    ///      server ended, when a broker has not confirmed the last of it
    bool drain(std::chrono::milliseconds timeout);
    /// What `drain` waits for, such as "calls that run: 2"; empty: for nothing.
    std::vector<std::string> unfinished() const;
    /// Set the handlers' stop tokens and requeue at once what is not answered: brokers deliver it
    /// again. Results of handlers that still run are dropped.
    /// out  false when some still ran after `grace`
    bool stop_now(std::chrono::milliseconds grace);
    /// `drain` for the drain timeout, then `stop_now` until the last handler has returned.
    void stop();

private:
    class Implementation;
    std::unique_ptr<Implementation> implementation_;
};

/// Start a server, and serve until SIGINT or SIGTERM, or the command `ShutdownServer`, asks for the
/// end; then drain as `stop` does, and say so in its log.
///
///     int main() {
///         warren::Server server{{.log = warren::stderr_log()}};
///         ...
///         return warren::run_until_signal(server);
///     }
///
/// While it runs, handlers of its own take both signals, in whichever thread the system delivers
/// them; those that are ignored stay so. They are unblocked in this thread, threads need no mask,
/// and what was there before comes back at the end. A second signal, later than 20 ms after the
/// first, ends the process at once with 128 and its number. SIGPIPE is ignored from then on.
/// out  an exit code: 0, or 75 when not every request was answered: brokers deliver those again.
///      Handlers that ignore their stop token may still run then, and the server's destructor waits
///      for them.
/// err  throws Error, as `Server::start`; (internal) when it runs already
int run_until_signal(Server& server);

}  // namespace warren
