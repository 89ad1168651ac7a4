#include <warren/client.hpp>
#include <warren/server.hpp>
#include <warren/stream.hpp>

#include "support/rabbitmq.hpp"
#include "support/served.hpp"
#include "unit/transport/tcp/certificates.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// A result of 1 GiB in parts, from a process of its own: neither side holds more than a little of
// it.
namespace parts_memory_test {

using namespace warren;

constexpr std::size_t part_bytes = std::size_t{256} << 10;
// What sanitizers keep would be counted, too: with them it is fewer, and memory is no matter.
#ifndef __has_feature
#define __has_feature(x) 0  // g++ has the macros instead
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || \
    __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool is_counted = false;
#else
constexpr bool is_counted = true;
#endif
constexpr std::int64_t part_count = (std::int64_t{1} << (is_counted ? 30 : 26)) / part_bytes;
constexpr std::size_t memory_max = std::size_t{64} << 20;

struct Much {
    std::int64_t parts = 0;
};
WARREN_MODEL(Much, (parts))

struct Piece {
    std::string text;
};
WARREN_MODEL(Piece, (text))

struct Total {
    std::int64_t parts = 0;
};
WARREN_MODEL(Total, (parts))

WARREN_STREAM_CONTRACT(send_much, "send_much", Much, Piece, Total)

Total send(const Much& much, Stream<Piece> pieces) {
    Total total;
    const Piece piece{.text = std::string(part_bytes, 'x')};
    while (total.parts < much.parts && pieces.write(piece)) {
        ++total.parts;
    }
    return total;
}

/// What this process has in memory, in bytes: `VmRSS` now, `VmHWM` at most since it was forgotten.
std::size_t memory_bytes(std::string_view field) {
    std::ifstream status{"/proc/self/status"};
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with(field)) {
            return std::stoull(line.substr(field.size() + 1)) << 10;
        }
    }
    ADD_FAILURE() << "no " << field;
    return 0;
}

/// Let the highest count begin anew.
void forget_highest() {
    std::ofstream{"/proc/self/clear_refs"} << "5";
}

struct Way {
    std::string name;
    std::string listen;
    std::string parameter;
};

std::vector<Way> ways() {
    const std::string ca = "ca=" + transport::test::Certificates::shared().path("ca.pem");
    return {{"tcp", "tcp://127.0.0.1:0", {}},
            {"tls", "tls://127.0.0.1:0", ca},
            {"zmq", "zmq+tcp://127.0.0.1:0", {}},
            {"amqp", test::RabbitMq::shared().uri(), "peer=warren"}};
}

void write_line(int to, const std::string& line) {
    const std::string whole = line + "\n";
    ASSERT_EQ(write(to, whole.data(), whole.size()), static_cast<ssize_t>(whole.size()));
}

std::string read_line(int from) {
    std::string line;
    for (char byte = 0; read(from, &byte, 1) == 1 && byte != '\n';) {
        line += byte;
    }
    return line;
}

/// Serve until `commands` ends; tell the address, and then how much memory it took at most.
void serve(const Way& way, int commands, int answers) {
    Server server;
    server.method<send_much>(send);
    ListenerOptions listener{.url = way.listen};
    if (way.name == "tls") {
        const auto& made = transport::test::Certificates::shared();
        listener.tcp.tls = ListenerTls{.certificate_file = made.path("server.pem"),
                                       .key_file = made.path("server.key")};
    } else if (way.name == "amqp") {
        listener.queue.name = "much";
    }
    server.listen(std::move(listener));
    std::promise<void> ready;
    server.on_ready([&ready] { ready.set_value(); });
    server.start();
    ready.get_future().wait();
    forget_highest();
    const std::size_t before = memory_bytes("VmRSS:");
    write_line(answers, test::address_of(server));
    read_line(commands);
    write_line(answers, std::to_string(memory_bytes("VmHWM:") - before));
}

/// A server in a process of its own.
class ServerProcess {
public:
    explicit ServerProcess(const Way& way) {
        std::array<int, 2> to_child{};
        std::array<int, 2> from_child{};
        EXPECT_EQ(pipe(to_child.data()) + pipe(from_child.data()), 0);
        child_ = fork();
        if (child_ == 0) {
            close(to_child[1]);
            serve(way, to_child[0], from_child[1]);
            _exit(0);
        }
        close(to_child[0]);
        close(from_child[1]);
        commands_ = to_child[1];
        answers_ = from_child[0];
        address = read_line(answers_);
    }
    ServerProcess(const ServerProcess&) = delete;
    ServerProcess& operator=(const ServerProcess&) = delete;
    ~ServerProcess() {
        close(commands_);
        close(answers_);
        kill(child_, SIGKILL);
        waitpid(child_, nullptr, 0);
    }

    /// Ends it.
    std::size_t memory_at_most() {
        write_line(commands_, "end");
        return std::stoull(read_line(answers_));
    }

    std::string address;

private:
    pid_t child_ = 0;
    int commands_ = 0;
    int answers_ = 0;
};

TEST(PartsMemory, OfAGibibyteIsSmallOnBothSides) {
    const std::vector<Way> all = ways();
    // Before this process has threads.
    std::vector<std::unique_ptr<ServerProcess>> servers;
    for (const Way& way : all) {
        servers.push_back(std::make_unique<ServerProcess>(way));
    }
    for (std::size_t at = 0; at < all.size(); ++at) {
        const Way& way = all[at];
        SCOPED_TRACE(way.name);
        std::string address = servers[at]->address;
        if (!way.parameter.empty()) {
            address += (address.contains('?') ? "&" : "?") + way.parameter;
        }
        forget_highest();
        const std::size_t before = memory_bytes("VmRSS:");
        {
            Client client{address};
            auto pieces =
                client.stream<send_much>({part_count}, {.timeout = std::chrono::minutes{4}});
            std::int64_t taken = 0;
            for (const Piece& piece : pieces) {
                taken += piece.text.size() == part_bytes ? 1 : 0;
            }
            EXPECT_EQ(taken, part_count);
            EXPECT_EQ(pieces.response().parts, part_count);
        }
        const std::size_t client_bytes = memory_bytes("VmHWM:") - before;
        const std::size_t server_bytes = servers[at]->memory_at_most();
        if (is_counted) {
            EXPECT_LT(client_bytes, memory_max);
            EXPECT_LT(server_bytes, memory_max);
        }
        std::printf("1 GiB over %s: client %.1f MiB, server %.1f MiB\n", way.name.c_str(),
                    static_cast<double>(client_bytes) / (1 << 20),
                    static_cast<double>(server_bytes) / (1 << 20));
    }
}

}  // namespace parts_memory_test
