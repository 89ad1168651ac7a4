#include <warren/client.hpp>
#include <warren/server.hpp>

#include <iostream>

int main() {
    warren::Server server;
    server.method("add", [](int a, int b) { return a + b; }, {"a", "b"});
    server.listen("memory:quick");
    server.start();

    warren::Client client{"memory:quick"};
    const auto sum = client.call("add", warren::Dynamic::map({{"a", 2}, {"b", 40}}));
    std::cout << "2 + 40 = " << sum->as_int64() << '\n';
    try {
        client.call("add", warren::Dynamic::map({{"a", "two"}}));
    } catch (const warren::Error& error) {
        std::cout << error.what() << '\n';
    }
}
