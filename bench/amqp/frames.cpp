// The ceiling: AMQP frames written and read by hand over a bare socket, nothing else. All frames of
// one turn of the loop leave in one write; one `multiple` acknowledgement covers a batch.
//
// With `guarantees` the same for the messages that Warren's guarantees need: requests mandatory,
// confirmed and with an expiration, a channel for requests and one for replies, a durable queue, an
// exchange for the method, the properties and the frame around the reply that the protocol asks
// for.
//
//   frames server PORT PREFETCH [guarantees]
//   frames client PORT IN_FLIGHT SECONDS [guarantees]

#include "common/measure.hpp"
#include "rabbitmq_c_session.hpp"

#include <sys/socket.h>

#include <charconv>
#include <csignal>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace warren::bench;  // NOLINT

constexpr std::string_view request_body =
    R"({"value":"0123456789012345678901234567890123456789012345678"})";

enum class Shape { bare, guarantees };

/// What is written of a message; what is empty is left out.
struct Message {
    std::string_view routing_key{};
    std::string_view correlation_id{};
    std::string_view reply_to{};
    std::string_view body{};
    std::string_view exchange{};
    std::string_view content_type{};
    std::string_view expiration{};
    unsigned channel = 1;
    bool mandatory = false;
};

class Writer {
public:
    void u8(unsigned value) { out_.push_back(static_cast<char>(value)); }
    void u16(unsigned value) {
        u8(value >> 8U);
        u8(value & 255U);
    }
    void u32(std::uint32_t value) {
        u16(value >> 16U);
        u16(value & 65535U);
    }
    void u64(std::uint64_t value) {
        u32(static_cast<std::uint32_t>(value >> 32U));
        u32(static_cast<std::uint32_t>(value));
    }
    void short_text(std::string_view text) {
        u8(static_cast<unsigned>(text.size()));
        out_ += text;
    }

    std::size_t begin(unsigned type, unsigned number) {
        u8(type);
        u16(number);
        u32(0);
        return out_.size();
    }
    void end(std::size_t start) {
        const auto size = static_cast<std::uint32_t>(out_.size() - start);
        for (unsigned at = 0; at < 4; ++at) {
            out_[start - 4 + at] = static_cast<char>(size >> (24U - 8U * at));
        }
        u8(0xCE);
    }

    void publish(const Message& message) {
        std::size_t start = begin(1, message.channel);
        u16(60);
        u16(40);
        u16(0);
        short_text(message.exchange);
        short_text(message.routing_key);
        u8(message.mandatory ? 1 : 0);
        end(start);
        start = begin(2, message.channel);
        u16(60);
        u16(0);
        u64(message.body.size());
        const std::size_t flags_at = out_.size();
        u16(0);
        unsigned flags = 0;
        const auto property = [&](unsigned flag, std::string_view value) {
            if (!value.empty()) {
                flags |= flag;
                short_text(value);
            }
        };
        property(0x8000U, message.content_type);
        property(0x0400U, message.correlation_id);
        property(0x0200U, message.reply_to);
        property(0x0100U, message.expiration);
        out_[flags_at] = static_cast<char>(flags >> 8U);
        out_[flags_at + 1] = static_cast<char>(flags & 255U);
        end(start);
        start = begin(3, message.channel);
        out_ += message.body;
        end(start);
    }
    void ack(std::uint64_t tag) {
        const std::size_t start = begin(1, channel);
        u16(60);
        u16(80);
        u64(tag);
        u8(1);
        end(start);
    }

    bool empty() const { return out_.empty(); }

    void send_all(int socket) {
        std::size_t sent = 0;
        while (sent < out_.size()) {
            const ssize_t step =
                ::send(socket, out_.data() + sent, out_.size() - sent, MSG_NOSIGNAL);
            if (step <= 0) {
                std::exit(0);
            }
            sent += static_cast<std::size_t>(step);
        }
        out_.clear();
    }

private:
    std::string out_;
};

struct Delivery {
    std::uint64_t tag = 0;
    std::string_view correlation_id;
    std::string_view reply_to;
    std::string_view body;
};

std::uint64_t number(const char* bytes, int size) {
    std::uint64_t value = 0;
    for (int at = 0; at < size; ++at) {
        value = value << 8U | static_cast<unsigned char>(bytes[at]);
    }
    return value;
}

/// Reads whatever the socket has and gives every complete delivery.
class Reader {
public:
    template <typename Visit>
    void read(int socket, Visit visit) {
        if (filled_ == sizeof buffer_) {
            std::exit(1);
        }
        const ssize_t got = ::recv(socket, buffer_ + filled_, sizeof buffer_ - filled_, 0);
        if (got <= 0) {
            std::exit(0);
        }
        filled_ += static_cast<std::size_t>(got);
        std::size_t at = 0;
        while (filled_ - at >= 8) {
            const std::size_t size = number(buffer_ + at + 3, 4);
            if (filled_ - at < size + 8) {
                break;
            }
            frame(buffer_[at], buffer_ + at + 7, size, visit);
            at += size + 8;
        }
        // A delivery may be cut between its frames: what it views moves, so it is read again.
        const std::size_t keep_from = inside_ ? first_ : at;
        std::memmove(buffer_, buffer_ + keep_from, filled_ - keep_from);
        filled_ -= keep_from;
        inside_ = false;
    }

private:
    template <typename Visit>
    void frame(char type, const char* payload, std::size_t size, Visit& visit) {
        if (type == 1 && number(payload, 4) == (60U << 16U | 60U)) {
            inside_ = true;
            first_ = static_cast<std::size_t>(payload - 7 - buffer_);
            const char* tag = payload + 5 + static_cast<unsigned char>(payload[4]);
            delivery_ = {};
            delivery_.tag = number(tag, 8);
        } else if (type == 1 && number(payload, 4) == (60U << 16U | 50U)) {
            std::fprintf(stderr, "a request came back\n");
            std::exit(1);
        } else if (type == 2) {
            const unsigned flags = static_cast<unsigned>(number(payload + 12, 2));
            const char* field = payload + 14;
            const auto text = [&field] {
                const std::string_view value{field + 1, static_cast<unsigned char>(*field)};
                field += value.size() + 1;
                return value;
            };
            if ((flags & 0x8000U) != 0) {
                text();
            }
            if ((flags & 0x0400U) != 0) {
                delivery_.correlation_id = text();
            }
            if ((flags & 0x0200U) != 0) {
                delivery_.reply_to = text();
            }
        } else if (type == 3) {
            delivery_.body = {payload, size};
            inside_ = false;
            visit(delivery_);
        }
    }

    char buffer_[1 << 20];
    std::size_t filled_ = 0;
    bool inside_ = false;
    std::size_t first_ = 0;
    Delivery delivery_;
};

constexpr std::string_view guaranteed_queue = "bench_guaranteed";

/// What the method's exchange takes to a queue, which is the broker's work on every message.
void bind(amqp_connection_state_t connection, const std::string& queue) {
    const amqp_bytes_t exchange = amqp_cstring_bytes("bench_guaranteed_echo");
    amqp_exchange_declare(connection, channel, exchange, amqp_cstring_bytes("direct"), 0, 0, 0, 0,
                          amqp_empty_table);
    require(amqp_get_rpc_reply(connection), "exchange.declare");
    amqp_queue_bind(connection, channel, bytes(queue), exchange, bytes(queue), amqp_empty_table);
    require(amqp_get_rpc_reply(connection), "queue.bind");
}

void serve(int port, int prefetch, Shape shape) {
    amqp_connection_state_t connection = connect(port);
    const bool guarantees = shape == Shape::guarantees;
    if (guarantees) {
        const std::string queue{guaranteed_queue};
        declare_durable(connection, queue);
        bind(connection, queue);
        consume(connection, queue, static_cast<std::uint16_t>(prefetch));
    } else {
        consume_requests(connection, "bench_frames", static_cast<std::uint16_t>(prefetch));
    }
    const int socket = blocking_socket(connection);
    std::puts("ready");
    std::fflush(stdout);
    struct sigaction action{};
    action.sa_handler = [](int) {
        std::printf("{\"server_cpu_s\":%.6f}\n", cpu_seconds());
        std::fflush(stdout);
        std::_Exit(0);
    };
    sigaction(SIGTERM, &action, nullptr);
    static Reader reader;
    Writer writer;
    std::string body;
    for (;;) {
        std::uint64_t last = 0;
        reader.read(socket, [&](const Delivery& delivery) {
            Message reply{.routing_key = delivery.reply_to,
                          .correlation_id = delivery.correlation_id,
                          .body = delivery.body};
            if (guarantees) {
                body = R"({"success":true,"message":"OK","data":)";
                body += delivery.body;
                body += '}';
                reply.exchange = "bench_guaranteed_echo";
                reply.content_type = "application/json";
                reply.body = body;
            }
            writer.publish(reply);
            last = delivery.tag;
        });
        if (last != 0) {
            writer.ack(last);
            writer.send_all(socket);
        }
    }
}

void call(int port, std::size_t in_flight, double seconds, Shape shape) {
    amqp_connection_state_t connection = connect(port);
    const std::string replies = consume_replies(connection);
    Message request{.routing_key = "bench_frames", .reply_to = replies, .body = request_body};
    if (shape == Shape::guarantees) {
        bind(connection, replies);
        request.channel = channel + 1;
        amqp_channel_open(connection, channel + 1);
        require(amqp_get_rpc_reply(connection), "channel.open");
        amqp_confirm_select(connection, channel + 1);
        require(amqp_get_rpc_reply(connection), "confirm.select");
        request.routing_key = guaranteed_queue;
        request.exchange = "bench_guaranteed_echo";
        request.content_type = "application/json";
        request.expiration = "60000";
        request.mandatory = true;
    }
    const int socket = blocking_socket(connection);
    static Reader reader;
    Writer writer;
    std::vector<Clock::time_point> sent(in_flight);
    // As long as a UUID, which is what Warren's clients send.
    std::string id = "00000000-0000-4000-8000-000000000000";
    const auto publish = [&](std::size_t slot) {
        const auto [end, error] = std::to_chars(id.data(), id.data() + 8, slot);
        const auto digits = static_cast<std::size_t>(end - id.data());
        if (shape == Shape::guarantees) {
            std::fill(id.begin() + static_cast<std::ptrdiff_t>(digits), id.begin() + 8, '-');
            request.correlation_id = id;
        } else {
            request.correlation_id = std::string_view{id}.substr(0, digits);
        }
        writer.publish(request);
        sent[slot] = Clock::now();
    };
    for (std::size_t slot = 0; slot < in_flight; ++slot) {
        publish(slot);
    }
    writer.send_all(socket);
    Measurement measurement{0.5, seconds};
    bool running = true;
    while (running) {
        reader.read(socket, [&](const Delivery& delivery) {
            std::size_t slot = 0;
            std::from_chars(delivery.correlation_id.begin(), delivery.correlation_id.end(), slot);
            running = measurement.record(sent[slot], Clock::now()) && running;
            publish(slot);
        });
        // A read may bring confirmations alone.
        if (!writer.empty()) {
            writer.send_all(socket);
        }
    }
    measurement.print();
}

}  // namespace

int main(int count, char** arguments) {
    const std::string_view role = count > 1 ? arguments[1] : "";
    const auto shape_of = [&](int place) {
        return count > place ? Shape::guarantees : Shape::bare;
    };
    if (role == "server" && count >= 4) {
        serve(std::atoi(arguments[2]), std::atoi(arguments[3]), shape_of(4));
    } else if (role == "client" && count >= 5) {
        call(std::atoi(arguments[2]), std::strtoul(arguments[3], nullptr, 10),
             std::atof(arguments[4]), shape_of(5));
    } else {
        std::fprintf(stderr,
                     "frames server PORT PREFETCH [guarantees] | "
                     "client PORT IN_FLIGHT SECONDS [guarantees]\n");
        return 2;
    }
}
