#include <warren/call_log.hpp>
#include <warren/server.hpp>

#include "source/option_class.hpp"
#include "source/options.hpp"

namespace warren::python {

template <>
struct OptionNames<ServerReplies> {
    static constexpr std::pair<ServerReplies, const char*> all[] = {
        {ServerReplies::by_handlers, "by_handlers"}, {ServerReplies::mock, "mock"}};
};
template <>
struct OptionNames<PlaintextSecrets> {
    static constexpr std::pair<PlaintextSecrets, const char*> all[] = {
        {PlaintextSecrets::refuse, "refuse"}, {PlaintextSecrets::accept, "accept"}};
};
template <>
struct OptionNames<Acknowledge> {
    static constexpr std::pair<Acknowledge, const char*> all[] = {
        {Acknowledge::with_reply, "with_reply"}, {Acknowledge::before_handling, "before_handling"}};
};
template <>
struct OptionNames<QueueType> {
    static constexpr std::pair<QueueType, const char*> all[] = {{QueueType::classic, "classic"},
                                                                {QueueType::quorum, "quorum"}};
};
template <>
struct OptionNames<CallmeFormat> {
    static constexpr std::pair<CallmeFormat, const char*> all[] = {
        {CallmeFormat::pickle, "pickle"},
        {CallmeFormat::json, "json"},
        {CallmeFormat::msgpack, "msgpack"}};
};
template <>
struct OptionNames<ZmqListenerSocket> {
    static constexpr std::pair<ZmqListenerSocket, const char*> all[] = {
        {ZmqListenerSocket::router, "router"},
        {ZmqListenerSocket::rep, "rep"},
        {ZmqListenerSocket::sub, "sub"}};
};
template <>
struct OptionNames<ZmqSide> {
    static constexpr std::pair<ZmqSide, const char*> all[] = {{ZmqSide::bind, "bind"},
                                                              {ZmqSide::connect, "connect"}};
};
template <>
struct OptionNames<Idempotency> {
    static constexpr std::pair<Idempotency, const char*> all[] = {
        {Idempotency::none, "none"},
        {Idempotency::at_least_once, "at_least_once"},
        {Idempotency::at_most_once, "at_most_once"}};
};

namespace {

void add_queue(py::module_& module) {
    OptionClass<ListenerExchange>{module, "ListenerExchange",
                                  "An exchange whose shape is not the protocol's default."}
        .option("name", &ListenerExchange::name)
        .option("type", &ListenerExchange::type)
        .option("durable", &ListenerExchange::durable)
        .option("auto_delete", &ListenerExchange::auto_delete)
        .value("arguments", &ListenerExchange::arguments);
    OptionClass<ListenerQueue>{module, "ListenerQueue", "The queue of a listener at a broker."}
        .option("name", &ListenerQueue::name)
        .part("exchanges", &ListenerQueue::exchanges)
        .choice("acknowledge", &ListenerQueue::acknowledge)
        .option("attempts_max", &ListenerQueue::attempts_max)
        .option("dead_letter_queue", &ListenerQueue::dead_letter_queue)
        .option("return_dropped", &ListenerQueue::return_dropped)
        .option("control_route", &ListenerQueue::control_route)
        .option("compat", &ListenerQueue::compat)
        .option("durable", &ListenerQueue::durable)
        .option("exclusive", &ListenerQueue::exclusive)
        .option("auto_delete", &ListenerQueue::auto_delete)
        .choice("type", &ListenerQueue::type)
        .value("arguments", &ListenerQueue::arguments);
    OptionClass<ListenerCallme>{module, "ListenerCallme", "What a listener of callme alone has."}
        .option("server_id", &ListenerCallme::server_id)
        .choice("format", &ListenerCallme::format)
        .option("threaded", &ListenerCallme::threaded);
}

void add_connections(py::module_& module) {
    OptionClass<ConnectionLimits>{module, "ConnectionLimits",
                                  "Limits of a listener without a broker."}
        .option("connections_max", &ConnectionLimits::connections_max)
        .option("connection_requests_max", &ConnectionLimits::connection_requests_max)
        .option("connection_requests_bytes_max", &ConnectionLimits::connection_requests_bytes_max)
        .option("connection_answers_bytes_max", &ConnectionLimits::connection_answers_bytes_max)
        .option("answers_bytes_max", &ConnectionLimits::answers_bytes_max);
    OptionClass<ListenerTls>{module, "ListenerTls",
                             "The certificate that a listener over tcp:// shows."}
        .option("certificate_file", &ListenerTls::certificate_file)
        .option("key_file", &ListenerTls::key_file)
        .option("client_ca_file", &ListenerTls::client_ca_file)
        .option("key_password", &ListenerTls::key_password)
        .option("key_password_file", &ListenerTls::key_password_file);
    OptionClass<ListenerTcp>{module, "ListenerTcp", "The settings of a listener over tcp://."}
        .part("tls", &ListenerTcp::tls)
        .option("handshake_timeout", &ListenerTcp::handshake_timeout)
        .option("idle_timeout", &ListenerTcp::idle_timeout)
        .option("stall_timeout", &ListenerTcp::stall_timeout)
        .option("reuse_port", &ListenerTcp::reuse_port)
        .option("listening_socket", &ListenerTcp::listening_socket);
    OptionClass<ListenerZmq>{module, "ListenerZmq", "The settings of a listener over ZeroMQ."}
        .choice("socket", &ListenerZmq::socket)
        .choice("side", &ListenerZmq::side)
        .option("username", &ListenerZmq::username)
        .option("password", &ListenerZmq::password)
        .option("secret_key", &ListenerZmq::secret_key)
        .option("client_keys", &ListenerZmq::client_keys)
        .option("client_names", &ListenerZmq::client_names)
        .option("server_key", &ListenerZmq::server_key)
        .option("public_key", &ListenerZmq::public_key)
        .option("silence_timeout", &ListenerZmq::silence_timeout)
        .option("high_water_mark", &ListenerZmq::high_water_mark)
        .option("allow_shutdown", &ListenerZmq::allow_shutdown);
}

void add_listener(py::module_& module) {
    OptionClass<ListenerOptions>{
        module, "ListenerOptions",
        "Where requests come in, and what is served from there. Durations are seconds or "
        "timedelta."}
        .option("url", &ListenerOptions::url)
        .option("protocol", &ListenerOptions::protocol)
        .option("methods", &ListenerOptions::methods)
        .option("fernet_keys", &ListenerOptions::fernet_keys)
        .choice("plaintext_secrets", &ListenerOptions::plaintext_secrets)
        .option("fernet_ttl", &ListenerOptions::fernet_ttl)
        .option("nested_secrets", &ListenerOptions::nested_secrets)
        .option("auth_secrets", &ListenerOptions::auth_secrets)
        .option("auth_names", &ListenerOptions::auth_names)
        .option("max_simultaneous_requests", &ListenerOptions::max_simultaneous_requests)
        .option("requests_bytes_max", &ListenerOptions::requests_bytes_max)
        .option("describe", &ListenerOptions::describe)
        .option("strict_contracts", &ListenerOptions::strict_contracts)
        .option("compress_bytes_min", &ListenerOptions::compress_bytes_min)
        .choice("idempotency", &ListenerOptions::idempotency)
        .part("queue", &ListenerOptions::queue)
        .part("callme", &ListenerOptions::callme)
        .part("limits", &ListenerOptions::limits)
        .part("tcp", &ListenerOptions::tcp)
        .part("zmq", &ListenerOptions::zmq);
}

}  // namespace

void add_server_options(py::module_& module) {
    OptionClass<StoreOptions>{module, "StoreOptions",
                              "Where replies are kept, so that no call is done twice."}
        .option("sqlite", &StoreOptions::sqlite)
        .option("postgresql", &StoreOptions::postgresql)
        .option("keep", &StoreOptions::keep)
        .option("bytes_max", &StoreOptions::bytes_max)
        .option("dead_keep", &StoreOptions::dead_keep)
        .option("dead_bytes_max", &StoreOptions::dead_bytes_max)
        .option("lock_lease", &StoreOptions::lock_lease)
        .option("attempts_max", &StoreOptions::attempts_max);
    OptionClass<CallLogOptions>{module, "CallLogOptions",
                                "Where a log server is, and how much may wait for it."}
        .option("base_url", &CallLogOptions::base_url)
        .option("api_token", &CallLogOptions::api_token)
        .option("queue_bytes_max", &CallLogOptions::queue_bytes_max)
        .option("payload_bytes_max", &CallLogOptions::payload_bytes_max)
        .option("connections", &CallLogOptions::connections)
        .option("timeout", &CallLogOptions::timeout)
        .option("retries_max", &CallLogOptions::retries_max)
        .option("pause_first", &CallLogOptions::pause_first)
        .option("pause_max", &CallLogOptions::pause_max)
        .option("flush_timeout", &CallLogOptions::flush_timeout)
        .log(&CallLogOptions::log);
    add_queue(module);
    add_connections(module);
    add_listener(module);
    OptionClass<ServerOptions>{module, "ServerOptions",
                               "The settings of a server. Durations are seconds or timedelta."}
        .option("drain_timeout", &ServerOptions::drain_timeout)
        .option("drain_delay", &ServerOptions::drain_delay)
        .choice("replies", &ServerOptions::replies)
        .log(&ServerOptions::log)
        .option("spin_max", &ServerOptions::spin_max)
        .option("admin_address", &ServerOptions::admin_address)
        .option("admin_socket", &ServerOptions::admin_socket)
        .option("admin_token", &ServerOptions::admin_token)
        .option("arrpc_metrics", &ServerOptions::arrpc_metrics)
        .part("store", &ServerOptions::store)
        .made_of("call_log", &ServerOptions::call_log, make_call_log)
        .option("auth_clock_ahead_max", &ServerOptions::auth_clock_ahead_max)
        .option("body_bytes_max", &ServerOptions::body_bytes_max)
        .option("nesting_depth_max", &ServerOptions::nesting_depth_max)
        .option("value_count_max", &ServerOptions::value_count_max)
        .option("lock_waiters_max", &ServerOptions::lock_waiters_max)
        .option("queued_calls_max", &ServerOptions::queued_calls_max);
}

}  // namespace warren::python
