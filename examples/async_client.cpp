// Makes many calls of `dx_example` at once from coroutines, over one
// connection:
//
//     example_async_client 'amqp://guest:guest@localhost/?queue=test'

#include <warren/async.hpp>

#include "dx_example.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <iostream>

namespace {

namespace asio = boost::asio;

asio::awaitable<void> ask(warren::Client& client, int chance, int& answered) {
    // The request and the options have names: g++ 12 destroys some temporaries
    // that stand in the same full expression as `co_await` twice, so `async_call`
    // takes no others.
    const dx_example::Request request{.favourite_food = dx_example::FavouriteFood::banana,
                                      .chance_percentage = chance};
    const warren::CallOptions options{.timeout = std::chrono::seconds{5}};
    try {
        co_await warren::async_call<dx_example::method>(client, request, options,
                                                        asio::use_awaitable);
        ++answered;
    } catch (const warren::Error& error) {
        std::cerr << "error: " << error.what() << '\n';
    }
}

}  // namespace

int main(int count, char** arguments) {
    if (count != 2) {
        std::cerr << "usage: " << arguments[0] << " URL\n";
        return 2;
    }
    constexpr int calls = 100;
    int answered = 0;
    try {
        warren::Client client{arguments[1]};
        asio::io_context context;
        for (int chance = 1; chance <= calls; ++chance) {
            asio::co_spawn(context, ask(client, chance, answered), asio::detached);
        }
        context.run();
    } catch (const warren::Error& error) {
        std::cerr << "error: " << error.what() << '\n';
        return 2;
    }
    std::cout << answered << " of " << calls << " calls were answered\n";
    return answered == calls ? 0 : 1;
}
