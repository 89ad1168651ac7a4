#include "conformance/matrix.hpp"

#include "core/percent.hpp"
#include "endpoint/protocols/table.hpp"
#include "support/rabbitmq.hpp"
#include "support/temporary_directory.hpp"
#include "transport/zmq/curve_keys.hpp"
#include "unit/transport/tcp/certificates.hpp"

#include <array>

namespace warren::conformance {
namespace {

constexpr std::size_t bytes_around_value = std::string_view{R"({"value":""})"}.size();

constexpr ProtocolTraits cyberfusion{.name = "cyberfusion",
                                     .positions = ProtocolTraits::Positions::refused,
                                     .one_named = ProtocolTraits::OneNamed::with_its_name,
                                     .messages = ProtocolTraits::Messages::carried,
                                     .failures = ProtocolTraits::Failures::carried,
                                     .order = ProtocolTraits::Order::kept,
                                     .cancels = ProtocolTraits::Cancels::calls,
                                     .oversized = ProtocolTraits::Oversized::refused,
                                     .text_frame_bytes = bytes_around_value};
constexpr ProtocolTraits tutorial{.name = "tutorial",
                                  .positions = ProtocolTraits::Positions::one_is_bare,
                                  .one_named = ProtocolTraits::OneNamed::with_its_name,
                                  .messages = ProtocolTraits::Messages::dropped,
                                  .failures = ProtocolTraits::Failures::carried,
                                  .order = ProtocolTraits::Order::kept,
                                  .cancels = ProtocolTraits::Cancels::calls,
                                  .oversized = ProtocolTraits::Oversized::refused,
                                  .text_frame_bytes = 0};

// A RpcRequest with func_name "length", in protocol 4.
constexpr std::size_t pickle_bytes_around_value = 107;
constexpr ProtocolTraits callme{.name = "callme",
                                .positions = ProtocolTraits::Positions::carried,
                                .one_named = ProtocolTraits::OneNamed::with_its_name,
                                .messages = ProtocolTraits::Messages::dropped,
                                .failures = ProtocolTraits::Failures::exceptions,
                                .order = ProtocolTraits::Order::kept,
                                .cancels = ProtocolTraits::Cancels::calls,
                                .oversized = ProtocolTraits::Oversized::refused,
                                .text_frame_bytes = pickle_bytes_around_value};
constexpr ProtocolTraits callme_json = [] {
    ProtocolTraits traits = callme;
    traits.messages = ProtocolTraits::Messages::carried;
    traits.failures = ProtocolTraits::Failures::carried;
    traits.format = "json";
    traits.text_frame_bytes =
        std::string_view{R"({"func_name":"length","func_args":[],"func_kwargs":{"value":""}})"}
            .size();
    return traits;
}();

// [0, id, "length", [{"value": ""}, {"$warren": "named", "timeout_ms": 59999, "message": true}]],
// an id under 128.
constexpr std::size_t rpc_bytes_around_value = 61;
// "auth": {"key": ..., "time_ms": ..., "nonce": ..., "code": ...}
constexpr std::size_t rpc_auth_bytes = 99;
constexpr ProtocolTraits msgpack_rpc{.name = "msgpack-rpc",
                                     .positions = ProtocolTraits::Positions::carried,
                                     .one_named = ProtocolTraits::OneNamed::with_its_name,
                                     .messages = ProtocolTraits::Messages::carried,
                                     .failures = ProtocolTraits::Failures::carried,
                                     .order = ProtocolTraits::Order::kept,
                                     .cancels = ProtocolTraits::Cancels::calls,
                                     .oversized = ProtocolTraits::Oversized::ends_connection,
                                     .text_frame_bytes = rpc_bytes_around_value};
constexpr ProtocolTraits signed_msgpack_rpc = [] {
    ProtocolTraits traits = msgpack_rpc;
    traits.text_frame_bytes += rpc_auth_bytes;
    return traits;
}();
// A long text's head.
constexpr std::size_t arrpc_bytes_around_value = 5;
constexpr ProtocolTraits arrpc{.name = "arrpc",
                               .positions = ProtocolTraits::Positions::one_is_bare,
                               .one_named = ProtocolTraits::OneNamed::bare,
                               .messages = ProtocolTraits::Messages::dropped,
                               .failures = ProtocolTraits::Failures::texts,
                               .order = ProtocolTraits::Order::lost,
                               .cancels = ProtocolTraits::Cancels::nothing,
                               .oversized = ProtocolTraits::Oversized::ends_connection,
                               .text_frame_bytes = arrpc_bytes_around_value};

// A message over a transport that keeps messages apart is refused by itself.
constexpr ProtocolTraits zmq_msgpack_rpc = [] {
    ProtocolTraits traits = msgpack_rpc;
    traits.oversized = ProtocolTraits::Oversized::refused_by_reader;
    return traits;
}();
constexpr ProtocolTraits zmq_signed_msgpack_rpc = [] {
    ProtocolTraits traits = zmq_msgpack_rpc;
    traits.text_frame_bytes = signed_msgpack_rpc.text_frame_bytes;
    return traits;
}();
// Statuses say less than the catalogue; what Warren's replies add says the rest. The limit is that
// of the JSON inside.
constexpr ProtocolTraits pyzmqrpc{
    .name = "pyzmqrpc",
    .positions = ProtocolTraits::Positions::refused,
    .one_named = ProtocolTraits::OneNamed::with_its_name,
    .messages = ProtocolTraits::Messages::carried,
    .failures = ProtocolTraits::Failures::carried,
    .order = ProtocolTraits::Order::kept,
    .cancels = ProtocolTraits::Cancels::clients,
    .oversized = ProtocolTraits::Oversized::refused_by_reader,
    .text_frame_bytes = std::string_view{R"({"_icmd_": ["length", {"value": ""}]})"}.size()};

// A protocol that there is only where tests/toy_protocol/ is: 00000001 0000ea5f ["length", ...
constexpr ProtocolTraits toy{
    .name = "toy",
    .positions = ProtocolTraits::Positions::carried,
    .one_named = ProtocolTraits::OneNamed::with_its_name,
    .messages = ProtocolTraits::Messages::carried,
    .failures = ProtocolTraits::Failures::carried,
    .order = ProtocolTraits::Order::kept,
    .cancels = ProtocolTraits::Cancels::nothing,
    .oversized = ProtocolTraits::Oversized::ends_connection,
    .text_frame_bytes =
        std::string_view{R"(00000001 0000ea5f ["length","named",{"value":""}])"}.size()};

std::string memory() {
    return "memory:conformance";
}

std::string amqp() {
    return test::RabbitMq::shared().uri();
}

std::string amqps() {
    const test::RabbitMq& broker = test::RabbitMq::shared();
    return broker.tls_uri() + "?cacertfile=" + broker.certificate("ca.pem");
}

std::string direct_replies() {
    return "reply=direct";
}

std::string durable_replies() {
    return "reply=durable";
}

std::string any_port() {
    return "tcp://127.0.0.1:0";
}

std::string any_zmq_port() {
    return "zmq+tcp://127.0.0.1:0";
}

std::string zmq_file() {
    static const test::TemporaryDirectory folder;
    return "zmq+ipc://" + folder.file("conformance");
}

std::string zmq_name() {
    return "zmq+inproc://conformance";
}

const transport::CurveKeyPair& server_keys() {
    static const auto keys = transport::make_curve_keys();
    return *keys;
}

const transport::CurveKeyPair& client_keys() {
    static const auto keys = transport::make_curve_keys();
    return *keys;
}

ListenerZmq curve_of_server() {
    return {.secret_key = server_keys().secret_key, .client_keys = {client_keys().public_key}};
}

std::string curve_of_client() {
    return "server_key=" + core::percent_encode(server_keys().public_key) +
           "&public_key=" + core::percent_encode(client_keys().public_key) +
           "&secret_key=" + core::percent_encode(client_keys().secret_key);
}

ListenerZmq password_of_server() {
    return {.username = "rabbit", .password = "warren"};
}

std::string password_of_client() {
    return "username=rabbit&password=warren";
}

std::optional<ListenerTls> server_certificate() {
    const auto& made = transport::test::Certificates::shared();
    return ListenerTls{.certificate_file = made.path("server.pem"),
                       .key_file = made.path("server.key")};
}

std::string authority() {
    return "ca=" + transport::test::Certificates::shared().path("ca.pem");
}

constexpr std::array all{
    Cell{"memory", memory, cyberfusion},
    Cell{"memory_durable_replies", memory, cyberfusion, durable_replies},
    Cell{"memory_tutorial", memory, tutorial},
    Cell{"memory_callme", memory, callme},
    Cell{"memory_callme_json", memory, callme_json},
    Cell{"amqp", amqp, cyberfusion},
    Cell{"amqp_direct_replies", amqp, cyberfusion, direct_replies},
    Cell{"amqp_durable_replies", amqp, cyberfusion, durable_replies},
    Cell{"amqp_tls", amqps, cyberfusion},
    Cell{"amqp_tutorial", amqp, tutorial},
    Cell{"amqp_callme", amqp, callme},
    Cell{"amqp_callme_json", amqp, callme_json},
    Cell{.name = "tcp",
         .address = any_port,
         .traits = msgpack_rpc,
         .meeting = Meeting::at_listeners},
    Cell{.name = "tcp_signed",
         .address = any_port,
         .traits = signed_msgpack_rpc,
         .meeting = Meeting::at_listeners,
         .auth_secret = "known to both of these sides alone"},
    Cell{.name = "tcp_tls",
         .address = any_port,
         .traits = msgpack_rpc,
         .client_parameters = authority,
         .meeting = Meeting::at_listeners,
         .tls = server_certificate},
    Cell{.name = "tcp_arrpc",
         .address = any_port,
         .traits = arrpc,
         .meeting = Meeting::at_listeners},
    Cell{.name = "zmq",
         .address = any_zmq_port,
         .traits = zmq_msgpack_rpc,
         .meeting = Meeting::at_listeners},
    Cell{.name = "zmq_ipc",
         .address = zmq_file,
         .traits = zmq_msgpack_rpc,
         .meeting = Meeting::at_listeners},
    Cell{.name = "zmq_inproc",
         .address = zmq_name,
         .traits = zmq_msgpack_rpc,
         .meeting = Meeting::at_listeners},
    Cell{.name = "zmq_curve_signed",
         .address = any_zmq_port,
         .traits = zmq_signed_msgpack_rpc,
         .client_parameters = curve_of_client,
         .meeting = Meeting::at_listeners,
         .auth_secret = "known to both of these sides alone",
         .zmq = curve_of_server},
    Cell{.name = "zmq_pyzmqrpc",
         .address = any_zmq_port,
         .traits = pyzmqrpc,
         .client_parameters = password_of_client,
         .meeting = Meeting::at_listeners,
         .zmq = password_of_server},
    Cell{.name = "toy", .address = any_port, .traits = toy, .meeting = Meeting::at_listeners},
};

}  // namespace

std::span<const Cell> matrix() {
    const bool has_toy =
        endpoint::find_protocol(&endpoint::ProtocolDescriptor::over_streams, toy.name);
    return std::span{all}.first(has_toy ? all.size() : all.size() - 1);
}

}  // namespace warren::conformance
