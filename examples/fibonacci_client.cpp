// Asks any server of RabbitMQ's RPC tutorial, in whatever language, for a
// Fibonacci number:
//
//     example_fibonacci_client
//     'amqp://guest:guest@localhost/?protocol=tutorial' 30

#include <warren/client.hpp>

#include <charconv>
#include <cstdint>
#include <iostream>
#include <string_view>

WARREN_CONTRACT(fibonacci, "fibonacci", std::uint64_t, std::uint64_t)

int main(int count, char** arguments) {
    const std::string_view text = count == 3 ? arguments[2] : "";
    std::uint64_t n = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), n);
    if (text.empty() || parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size()) {
        std::cerr << "usage: " << arguments[0] << " URL NUMBER\n";
        return 2;
    }
    try {
        warren::Client client{arguments[1]};
        std::cout << client.call<fibonacci>(n, {.timeout = std::chrono::seconds{5}}) << '\n';
    } catch (const warren::Error& error) {
        std::cerr << "error: " << error.what() << '\n';
        return 1;
    }
}
