#include "amqp/connection_core.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>

/// Everything a broker may send. The first byte chooses the size of the reads, so that the same
/// dialogue is cut in many ways.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace warren::amqp;
    if (size == 0) {
        return 0;
    }
    const std::size_t read_bytes_max = std::size_t{data[0]} * 16 + 1;
    std::span<const std::byte> input = std::as_bytes(std::span{data, size}).subspan(1);
    ConnectionCore core{{.body_bytes_max = 4096}};
    OutputBuffer output;
    bool ended = false;
    core.start({});
    while (!input.empty()) {
        const auto piece = input.first(std::min(input.size(), read_bytes_max));
        std::ranges::copy(piece, core.prepare(piece.size()).begin());
        core.commit(piece.size(), {});
        input = input.subspan(piece.size());
        while (const Event* event = core.next_event()) {
            if (ended) {
                std::abort();  // an event after the last one
            }
            ended = std::holds_alternative<ConnectionClosed>(*event) ||
                    std::holds_alternative<Failed>(*event);
            if (std::holds_alternative<Connected>(*event)) {
                const auto channel = core.open_channel();
                (void)core.confirm_select(*channel);
                (void)core.queue_declare(*channel, {});
                (void)core.basic_consume(*channel, {});
            } else if (const auto* delivery = std::get_if<Delivery>(event)) {
                (void)core.basic_publish(delivery->channel, {.routing_key = delivery->routing_key},
                                         delivery->properties, delivery->body);
                (void)core.basic_ack(delivery->channel, {.delivery_tag = delivery->delivery_tag});
            }
        }
        core.take_output(output);
    }
    return 0;
}
