// The same echo through rabbitmq-c as its documentation has it: one call per message.
//
//   rabbitmq_c server PORT PREFETCH       rabbitmq_c client PORT IN_FLIGHT SECONDS

#include "common/measure.hpp"
#include "rabbitmq_c_session.hpp"

#include <charconv>
#include <csignal>
#include <string_view>
#include <vector>

namespace {

using namespace warren::bench;  // NOLINT

const std::string request_body = R"({"value":"0123456789012345678901234567890123456789012345678"})";

void serve(int port, int prefetch) {
    amqp_connection_state_t connection = connect(port);
    consume_requests(connection, "bench_rabbitmq_c", static_cast<std::uint16_t>(prefetch));
    std::puts("ready");
    std::fflush(stdout);
    struct sigaction action{};
    action.sa_handler = [](int) {
        std::printf("{\"server_cpu_s\":%.6f}\n", cpu_seconds());
        std::fflush(stdout);
        std::_Exit(0);
    };
    sigaction(SIGTERM, &action, nullptr);
    for (;;) {
        amqp_maybe_release_buffers(connection);
        amqp_envelope_t envelope;
        if (amqp_consume_message(connection, &envelope, nullptr, 0).reply_type !=
            AMQP_RESPONSE_NORMAL) {
            std::exit(0);
        }
        amqp_basic_properties_t properties{};
        properties._flags = AMQP_BASIC_CORRELATION_ID_FLAG;
        properties.correlation_id = envelope.message.properties.correlation_id;
        amqp_basic_publish(connection, channel, amqp_empty_bytes,
                           envelope.message.properties.reply_to, 0, 0, &properties,
                           envelope.message.body);
        amqp_basic_ack(connection, channel, envelope.delivery_tag, 0);
        amqp_destroy_envelope(&envelope);
    }
}

void call(int port, std::size_t in_flight, double seconds) {
    amqp_connection_state_t connection = connect(port);
    const std::string replies = consume_replies(connection);
    const std::string queue = "bench_rabbitmq_c";
    std::vector<Clock::time_point> sent(in_flight);
    const auto publish = [&](std::size_t slot) {
        const std::string id = std::to_string(slot);
        amqp_basic_properties_t properties{};
        properties._flags = AMQP_BASIC_CORRELATION_ID_FLAG | AMQP_BASIC_REPLY_TO_FLAG;
        properties.correlation_id = bytes(id);
        properties.reply_to = bytes(replies);
        sent[slot] = Clock::now();
        amqp_basic_publish(connection, channel, amqp_empty_bytes, bytes(queue), 0, 0, &properties,
                           bytes(request_body));
    };
    for (std::size_t slot = 0; slot < in_flight; ++slot) {
        publish(slot);
    }
    Measurement measurement{0.5, seconds};
    for (bool running = true; running;) {
        amqp_maybe_release_buffers(connection);
        amqp_envelope_t envelope;
        require(amqp_consume_message(connection, &envelope, nullptr, 0), "consume");
        const auto* id = static_cast<const char*>(envelope.message.properties.correlation_id.bytes);
        std::size_t slot = 0;
        std::from_chars(id, id + envelope.message.properties.correlation_id.len, slot);
        running = measurement.record(sent[slot], Clock::now());
        amqp_destroy_envelope(&envelope);
        publish(slot);
    }
    measurement.print();
}

}  // namespace

int main(int count, char** arguments) {
    const std::string_view role = count > 1 ? arguments[1] : "";
    if (role == "server" && count == 4) {
        serve(std::atoi(arguments[2]), std::atoi(arguments[3]));
    } else if (role == "client" && count == 5) {
        call(std::atoi(arguments[2]), std::strtoul(arguments[3], nullptr, 10),
             std::atof(arguments[4]));
    } else {
        std::fprintf(stderr, "rabbitmq_c server PORT PREFETCH | client PORT IN_FLIGHT SECONDS\n");
        return 2;
    }
}
