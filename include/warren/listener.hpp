#pragma once

#include <warren/dynamic.hpp>
#include <warren/idempotency.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace warren {

class ServerInterceptor;  // <warren/interceptor.hpp>

/// What becomes of a secret that a caller sends in plaintext although the listener has keys.
enum class PlaintextSecrets : std::uint8_t {
    refuse,  // the request is invalid
    accept,  // it is taken as it is, while callers migrate
};

/// An exchange whose shape is not the protocol's default.
struct ListenerExchange {
    std::string name;
    std::string type = "direct";        // a broker's plugins add types
    std::optional<bool> durable{};      // unset: as the protocol has it
    std::optional<bool> auto_delete{};  // unset: as the protocol has it
    Dynamic arguments{};

    bool operator==(const ListenerExchange&) const = default;
};

/// When a request is acknowledged to the broker.
enum class Acknowledge : std::uint8_t {
    with_reply,       // a server that breaks down before loses nothing: the broker delivers again
    before_handling,  // a request is never handled again, and is lost with its server
};

/// The types of queues that RabbitMQ has.
enum class QueueType : std::uint8_t { classic, quorum };

/// The queue of a listener at a broker, which amqp:// and memory: are.
struct ListenerQueue {
    std::string name{};  // default: at memory: its name, of tutorial rpc_queue; otherwise none
    std::vector<ListenerExchange> exchanges{};
    Acknowledge acknowledge = Acknowledge::with_reply;
    /// How often a request may be begun. Once more it is answered `failed`, with a message that
    /// begins "poisoned:", and kept from running, because it may be what ends the process; 0: it
    /// always runs. A classic queue tells only first attempts from others, so that there nothing
    /// between 1 and 0 has an effect. Unset: 5 of a quorum queue, 0 of others.
    std::optional<std::uint32_t> attempts_max{};
    /// Of a quorum queue: where requests go that were begun `attempts_max` times, with the reason.
    /// Unset: the queue's name and ".dead-letter". Empty: the queue is declared without a limit of
    /// deliveries and without dead letters, as it may exist already.
    std::optional<std::string> dead_letter_queue{};
    /// Whether requests that the broker drops, such as those whose time is over in the queue, come
    /// back to the callers that ask for it (`return_dropped` in their addresses): the queue is
    /// declared with the dead-letter exchange warren.returned. Unset: in memory alone.
    std::optional<bool> return_dropped{};
    /// Whether a queue of the server's own is declared beside it, by which callers say that nobody
    /// waits for a call any more.
    bool control_route = true;

    /// "4.3": what the listener declares is taken by RabbitMQ 4.3, which refuses queues that are
    /// neither durable nor exclusive; clients say `compat=4.3` in their addresses. Empty: the queue
    /// is as the protocol has it.
    std::string compat{};

    // Where the queue is not the protocol's default; of callme its exchange, too.
    std::optional<bool> durable{};
    std::optional<bool> exclusive{};
    std::optional<bool> auto_delete{};
    std::optional<QueueType> type{};
    Dynamic arguments{};  // a map such as {"x-max-length": 1000}

    bool operator==(const ListenerQueue&) const = default;
};

/// How the messages of callme are written.
enum class CallmeFormat : std::uint8_t {
    pickle,  // what callme's own programs speak
    json,
    msgpack,
};

/// What a listener has by the protocol callme alone.
struct ListenerCallme {
    std::string server_id{};               // what its exchange and queue are named after
    std::optional<CallmeFormat> format{};  // unset: pickle
    bool threaded = false;  // several requests at once; otherwise one after the other
};

/// Limits of a listener without a broker: over tcp:// and zmq+...
struct ConnectionLimits {
    std::size_t connections_max = 10'240;         // one more is closed as soon as it comes
    std::size_t connection_requests_max = 1'024;  // of one connection at once
    /// Of one connection, as `ListenerOptions::requests_bytes_max` of all.
    std::size_t connection_requests_bytes_max = std::size_t{128} << 20;
    /// Of responses that wait for their connections to take them. While there are more, calls are
    /// refused as `overloaded`: those of one connection, or all.
    std::size_t connection_answers_bytes_max = std::size_t{128} << 20;
    std::size_t answers_bytes_max = std::size_t{256} << 20;
};

/// The certificate that a listener over tcp:// secures its connections with. The files are PEM, and
/// read again by `Server::reload`.
struct ListenerTls {
    std::string certificate_file;     // with its chain
    std::string key_file{};           // empty: in the certificate's file
    std::string client_ca_file{};     // who must have signed each client's; empty: none is needed
    std::string key_password{};       // of an encrypted key
    std::string key_password_file{};  // instead: a file that is read with the others
};

/// The settings of a listener over tcp:// and its like.
struct ListenerTcp {
    std::optional<ListenerTls> tls{};                     // unset: in plaintext
    std::chrono::milliseconds handshake_timeout{10'000};  // of TLS
    std::chrono::milliseconds idle_timeout{600'000};      // of a silent connection; 0: none
    /// How long a peer may take none of its responses, or send nothing of a message that it began;
    /// and how long a message may take to come, plus a second for each 4 KiB.
    std::chrono::milliseconds stall_timeout{30'000};
    /// Whether other processes may listen at the same address at once, if all of them say so and
    /// are of one user (SO_REUSEPORT): a new server starts before the old one ends.
    bool reuse_port = false;
    /// A TCP socket that listens already, as from systemd, instead of the address's host and port:
    /// its own take their place. The server closes it when it ends.
    std::optional<int> listening_socket{};
};

/// Where a listener's requests come from, over ZeroMQ.
enum class ZmqListenerSocket : std::uint8_t {
    router,  // clients, which get responses
    rep,     // the same
    sub,     // publishers, which get none
};

/// Which side of a connection over ZeroMQ waits for the other.
enum class ZmqSide : std::uint8_t { bind, connect };

/// The settings of a listener over ZeroMQ. All of it may also be a parameter of the
/// address, by the same name. Keys are of CURVE, 40 characters of Z85: `warren keygen --curve`.
struct ListenerZmq {
    std::optional<ZmqListenerSocket> socket{};  // unset: router
    std::optional<ZmqSide> side{};              // unset: sub connects, the others bind
    // Who may connect, or of sub as whom it connects: a name with its password, or keys.
    std::string username{};
    std::string password{};
    std::string secret_key{};                // this side's own
    std::vector<std::string> client_keys{};  // public keys that are let in; empty: any
    /// Who has each of these, for `Context::caller`; the rest go by their keys.
    std::vector<std::string> client_names{};
    std::string server_key{};  // of sub: the publisher's public key
    std::string public_key{};  // of sub: this side's own
    /// Of sub: a publisher that says nothing for so long is connected to anew; 0: never. Unset: 60
    /// s for pyzmqrpc, whose publishers say that they are there, never for others.
    std::optional<std::chrono::milliseconds> silence_timeout{};
    std::optional<std::size_t>
        high_water_mark{};  // messages that wait for one peer; unset: 100,000
    /// The command `ShutdownServer` of any client stops the server: see `Server::on_shutdown`.
    bool allow_shutdown = false;
};

/// Where requests come in, and what is served from there. What every listener has comes first, then
/// a part for each kind of address; an option of a part that the address has no use for is refused.
///
///     server.listen({.url = "amqp://localhost/", .queue = {.name = "jobs", .durable = true}});
///     server.listen({.url = "tcp://*:7000", .limits = {.connections_max = 100}});
struct ListenerOptions {
    /// amqp://[USER[:PASSWORD]@]HOST[:PORT]/[VHOST], amqps://..., memory:NAME for clients in this
    /// process, or without a broker tcp://HOST:PORT (port 0: a free one; host *: every address of
    /// this machine), or over ZeroMQ zmq+tcp://HOST:PORT, zmq+ipc:///PATH or zmq+inproc://NAME, or
    /// several of these between commas. The parameters `protocol` and `queue` say what the members
    /// `protocol` and `queue.name` do.
    std::string url;
    /// cyberfusion (default), tutorial or callme; of tcp:// msgpack-rpc (default) or arrpc; of
    /// zmq+... msgpack-rpc (default) or pyzmqrpc
    std::string protocol{};
    std::vector<std::string> methods{};  // empty: all of the server; tutorial, arrpc: exactly one
    std::vector<std::string> fernet_keys{};  // the first encrypts, all decrypt; empty: no secrets
    PlaintextSecrets plaintext_secrets = PlaintextSecrets::refuse;
    std::optional<std::chrono::seconds> fernet_ttl{};  // how old a token may be; unset: any age
    /// Whether a secret inside of another value must come encrypted, too, and not only one directly
    /// in the request. Unset: yes, but of cyberfusion no, as its own consumers open those alone;
    /// tokens there are opened all the same.
    std::optional<bool> nested_secrets{};
    /// Requests are signed under one of them; empty: not. Of msgpack-rpc and arrpc.
    std::vector<std::string> auth_secrets{};
    /// Who has each of these, for `Context::caller`; who has the rest goes by the connection's
    /// identity or, of msgpack-rpc, the secret's key id.
    std::vector<std::string> auth_names{};
    /// Handlers of this listener at once, those included that wait for a worker or a lock.
    /// Unset: 5, of callme 1 or `threaded` 64, and without a broker 65,536.
    std::optional<std::size_t> max_simultaneous_requests{};
    /// Of the requests in work: as they came, and what reading them and the handlers' arguments
    /// take in memory. One more is `overloaded`.
    std::size_t requests_bytes_max = std::size_t{256} << 20;
    /// Whether callers may ask what there is: `warren.describe` gives the contract document, and
    /// `rpc.discover` the same as OpenRPC. Unset: in memory, and where only this machine can ask.
    /// Not of protocols without a method's name in their calls.
    std::optional<bool> describe{};
    /// Refuse calls of clients that say that they were built from another contract of the method:
    /// `contract_mismatch`. Otherwise such a call is told of, and may fit all the same.
    bool strict_contracts = false;
    /// Responses of so many bytes are compressed for callers that say that they take it (`compress`
    /// in their addresses). Unset: none is. Not of arrpc and pyzmqrpc.
    std::optional<std::size_t> compress_bytes_min = std::size_t{64} << 10;

    /// How often a call runs that comes several times under one key. Unset: at least once, where
    /// the server has a store. Anything but `none` needs one.
    std::optional<Idempotency> idempotency{};

    /// Around its calls, inside of those of the server (`Server::use`), outermost first.
    std::vector<std::shared_ptr<ServerInterceptor>> interceptors{};

    ListenerQueue queue{};      // of amqp:// and memory:
    ListenerCallme callme{};    // of protocol callme
    ConnectionLimits limits{};  // of tcp:// and zmq+...
    ListenerTcp tcp{};
    ListenerZmq zmq{};

    /// Where all of this was said, such as "warren.yml:4: listeners[0].tcp". A failure to listen
    /// begins with it.
    std::string origin{};
};

}  // namespace warren
