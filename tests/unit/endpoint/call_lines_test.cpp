#include <warren/client.hpp>
#include <warren/server.hpp>

#include "support/served.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <future>
#include <memory>
#include <regex>
#include <string>
#include <string_view>

// What a log of the level debug says of a call that came in, on every way without a broker.
namespace call_lines_test {

using namespace warren;

class FirstCall final : public Log {
public:
    bool shows_calls() const noexcept override { return true; }
    void write(LogLevel, std::string_view line) override {
        if (!said_ && line.starts_with("call of ")) {
            said_ = true;
            line_.set_value(std::string{line});
        }
    }
    std::string wait() { return line_.get_future().get(); }

private:
    bool said_ = false;  // one thread writes
    std::promise<std::string> line_;
};

TEST(CallLines, SayWhereTheCallCameFromAndNotTwiceWhereTo) {
    const std::string path =
        (std::filesystem::temp_directory_path() / ("warren-" + std::to_string(getpid()))).string();
    struct Case {
        std::string url;
        std::string protocol;
        std::string from;
    };
    const std::string tcp = R"(127\.0\.0\.1:[0-9]+)";
    const std::string zmq = R"(127\.0\.0\.1, routing id 00[0-9a-f]{8})";
    const std::string local = R"((\S+, )?routing id 00[0-9a-f]{8})";
    for (const Case& each :
         {Case{"tcp://127.0.0.1:0", "msgpack-rpc", tcp}, Case{"tcp://127.0.0.1:0", "arrpc", tcp},
          Case{"zmq+tcp://127.0.0.1:0", "msgpack-rpc", zmq},
          Case{"zmq+tcp://127.0.0.1:0", "pyzmqrpc", zmq},
          Case{"zmq+ipc://" + path, "msgpack-rpc", local},
          Case{"zmq+inproc://call_lines", "pyzmqrpc", local}}) {
        SCOPED_TRACE(each.url + ' ' + each.protocol);
        const auto log = std::make_shared<FirstCall>();
        Server server{{.log = log}};
        server.method("hello", [] { return 1; });
        server.listen({.url = each.url, .protocol = each.protocol});
        server.start();
        Client client{test::address_of(server)};
        EXPECT_EQ(client.call("hello", Dynamic::map({})), Dynamic{1});
        const std::string line = log->wait();
        EXPECT_TRUE(std::regex_search(line, std::regex{" from " + each.from + ": ok, "})) << line;
        server.stop();
    }
}

}  // namespace call_lines_test
