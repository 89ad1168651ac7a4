#include <warren/client.hpp>
#include <warren/server.hpp>

#include "app/config/config.hpp"
#include "endpoint/protocols/table.hpp"
#include "support/child_process.hpp"
#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <future>
#include <string>
#include <string_view>

// That a protocol is one file and one line: this one works wherever the others do.
namespace warren {
namespace {

constexpr char configuration[] = R"(modules: [)" WARREN_MODULES R"(]
listeners:
  - {tcp: "127.0.0.1:0", protocol: toy, methods: [add]}
)";

class ToyProtocol : public testing::Test {
protected:
    std::string write(const std::string& content) const {
        std::ofstream{directory_.file("warren.yml")} << content;
        return directory_.file("warren.yml");
    }

    test::TemporaryDirectory directory_;
};

std::string output_of(const std::string& arguments) {
    test::ChildProcess child{
        {"sh", "-c", std::string{"exec "} + WARREN_PROGRAM + " " + arguments + " 2>&1"}};
    child.close_input();
    std::string output;
    for (std::string line = child.read_line(); !line.empty(); line = child.read_line()) {
        output += line;
    }
    return output;
}

/// The first one, as in "ready toy://127.0.0.1:40123 methods=1".
std::string address_in(const std::string& line) {
    const std::size_t start = std::min(line.find("toy://"), line.size());
    return line.substr(start, line.find(' ', start) - start);
}

/// A server of `add` and `tell`, at a port of its own.
class ToyServer {
public:
    ToyServer() {
        server_.method("add", [](int a, int b) { return a + b; }, {"a", "b"});
        server_.method("tell", [this](std::string what) { told_.set_value(std::move(what)); },
                       {"what"});
        server_.listen("toy://127.0.0.1:0");
        server_.start();
    }

    std::string address() const { return server_.addresses().front(); }
    std::string told() { return told_.get_future().get(); }

private:
    std::promise<std::string> told_;
    Server server_;
};

TEST_F(ToyProtocol, IsServedAndCalled) {
    ToyServer server;
    EXPECT_TRUE(server.address().starts_with("toy://127.0.0.1:")) << server.address();
    Client client{server.address()};
    EXPECT_EQ(client.call("add", Dynamic::map({{"a", 2}, {"b", 40}}))->as_int64(), 42);
    try {
        client.call("add", Dynamic::map({{"a", "two"}}));
        ADD_FAILURE() << "nothing is wrong";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), Code::invalid_request);
        EXPECT_EQ(error.failure().errors.size(), 2U);
    }
    client.notify("tell", Dynamic::map({{"what", "one way"}}));
    EXPECT_EQ(server.told(), "one way");
}

TEST_F(ToyProtocol, IsConfigured) {
    const auto config = app::load_config(write(configuration));
    ASSERT_TRUE(config);
    EXPECT_EQ(config->listeners.front().options.protocol, "toy");
    std::vector<std::string> problems;
    app::read_config(write("listeners: [{tcp: \"*:0\", protocol: doll}]"), std::nullopt, problems);
    ASSERT_EQ(problems.size(), 1U);
    EXPECT_TRUE(problems.front().contains("toy")) << problems.front();
}

TEST_F(ToyProtocol, IsOfTheCommandLine) {
    const std::string file = write(configuration);
    EXPECT_TRUE(output_of("check " + file).contains(": fine: 1 listener"));
    test::ChildProcess server{{WARREN_PROGRAM, "serve", "--config", file}};
    const std::string served = address_in(server.read_line());
    EXPECT_EQ(output_of("call add '[2,40]' --to " + served), "42");
    test::ChildProcess proxy{
        {WARREN_PROGRAM, "proxy", "--from", "toy://127.0.0.1:0", "--to", served}};
    EXPECT_EQ(output_of("call add '[2,40]' --to " + address_in(proxy.read_line())), "42");
    EXPECT_TRUE(output_of("call --help | tr -d '\\n'").contains("toys://HOST:PORT"));
}

TEST_F(ToyProtocol, IsAmongThoseThatErrorsName) {
    try {
        const Client client{"nothing://127.0.0.1"};
        ADD_FAILURE() << "a scheme that there is not";
    } catch (const Error& error) {
        EXPECT_TRUE(error.message().contains("arrpcs, toy, toys, zmq+tcp")) << error.message();
    }
    EXPECT_EQ(endpoint::list_of(&endpoint::ProtocolDescriptor::over_streams),
              "msgpack-rpc, arrpc, toy");
}

}  // namespace
}  // namespace warren
