// Calls `dx_example` of a server that has the example modules:
//
//     warren serve --config warren.yml
//     example_dx_example_client 'amqp://guest:guest@localhost/?queue=test'

#include <warren/client.hpp>

#include "dx_example.hpp"

#include <iostream>

int main(int count, char** arguments) {
    if (count != 2) {
        std::cerr << "usage: " << arguments[0] << " URL\n";
        return 2;
    }
    try {
        warren::Client client{arguments[1]};
        const dx_example::Request request{.favourite_food = dx_example::FavouriteFood::onion};
        const auto reply = client.call_for_reply<dx_example::method>(
            request, {.timeout = std::chrono::seconds{5}});
        std::cout << (reply.success ? "success: " : "failure: ") << reply.message << '\n';
        if (reply.data) {
            std::cout << "tolerable: " << std::boolalpha << reply.data->tolerable << '\n';
        }
        return reply.success ? 0 : 1;
    } catch (const warren::Error& error) {
        std::cerr << "error: " << error.what() << '\n';
        return 1;
    }
}
