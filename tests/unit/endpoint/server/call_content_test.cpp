#include <warren/client.hpp>
#include <warren/interceptor.hpp>
#include <warren/model.hpp>
#include <warren/server.hpp>
#include <warren/types.hpp>

#include "support/served.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

namespace warren {
namespace {

/// What calls said, each request and then each end.
class ContentReader final : public ServerInterceptor {
public:
    explicit ContentReader(std::size_t bytes_max = 1'000) : bytes_max_{bytes_max} {}

    bool reads_content() const noexcept override { return true; }
    std::optional<Failure> begin(CallAtServer& call) override {
        keep(call.content->request(bytes_max_));
        return std::nullopt;
    }
    void end(const CallAtServer& call, const CallEnd&) override {
        keep(call.content->response(bytes_max_));
        keep(call.content->failure());
    }
    std::vector<std::string> said() const {
        const std::lock_guard lock{mutex_};
        return said_;
    }

private:
    void keep(std::string text) {
        const std::lock_guard lock{mutex_};
        said_.push_back(std::move(text));
    }

    const std::size_t bytes_max_;
    mutable std::mutex mutex_;
    std::vector<std::string> said_;
};

using Said = std::vector<std::string>;

Said said_of(const std::function<void(Server&)>& add, std::string_view method,
             const Dynamic& arguments, std::size_t bytes_max = 1'000) {
    const auto reader = std::make_shared<ContentReader>(bytes_max);
    {
        Server server;
        add(server);
        server.use(reader);
        server.listen("tcp://127.0.0.1:0");
        server.start();
        try {
            Client{test::address_of(server)}.call(method, arguments);
        } catch (const Error&) {
            // Told by the server, too.
        }
        server.stop();
    }
    return reader->said();
}

TEST(CallContent, IsWhatACallSaysWithoutItsSecrets) {
    const auto add = [](Server& server) {
        server.method("login",
                      [](const std::string& name, const Secret<std::string>& pin) {
                          return name + " came with " + pin.reveal();
                      },
                      {"name", "pin"});
    };
    EXPECT_EQ(said_of(add, "login", Dynamic::list({"carl", "tree-house"})),
              (Said{R"({"name":"carl","pin":"*****"})",
                    R"({"success":true,"message":"OK","data":"carl came with *****"})", ""}));
    EXPECT_EQ(said_of(add, "login", Dynamic::map({{"name", 7}, {"pin", "tree-house"}})),
              (Said{R"({"name":7,"pin":"*****"})",
                    R"({"success":false,"message":"Request validation failed","data":null,)"
                    R"("code":"invalid_request","errors":[{"location":["name"],)"
                    R"("message":"Input should be text","type":"string_type"}]})",
                    "invalid_request: Request validation failed\n"
                    "  name: Input should be text [string_type]"}));
}

TEST(CallContent, OfADefectIsWhatItsCallerIsNotTold) {
    const auto add = [](Server& server) {
        server.method("open",
                      [](const Secret<std::string>& pin) -> int {
                          throw std::runtime_error{"no door for " + pin.reveal()};
                      },
                      {"pin"});
    };
    EXPECT_EQ(said_of(add, "open", Dynamic::map({{"pin", "tree-house"}})),
              (Said{R"({"pin":"*****"})",
                    R"({"success":false,"message":"An unexpected error occurred","data":null,)"
                    R"("code":"internal"})",
                    "internal: An unexpected error occurred\nno door for *****"}));
}

TEST(CallContent, OfWhatIsLargeIsHowLargeItIs) {
    const auto add = [](Server& server) {
        server.method("echo", [](const std::string& text) { return text; }, {"text"});
    };
    const Said said = said_of(add, "echo", Dynamic::map({{"text", std::string(300, 'x')}}), 200);
    ASSERT_EQ(said.size(), 3U);
    EXPECT_NE(said[0].find("of which 200 are recorded"), std::string::npos) << said[0];
    EXPECT_TRUE(said[1].starts_with(R"({"success":true,"message":"OK","data":{"omitted":"302)"))
        << said[1];
}

}  // namespace
}  // namespace warren
