#include <warren/server.hpp>

#include "core/percent.hpp"
#include "faults/load.hpp"
#include "support/rabbitmq.hpp"
#include "support/temporary_directory.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <future>
#include <mutex>
#include <string>

// A password that changes at the broker and in the file that clients and servers read it from.
namespace warren::test {
namespace {

struct Order {
    std::string id;
    std::string item;
    int count = 1;
};
WARREN_MODEL(Order, (id), (item), (count))

/// Hears of what is logged.
class Ear final : public Log {
public:
    void write(LogLevel, std::string_view line) override {
        const std::scoped_lock lock{mutex_};
        heard_ += line;
        changed_.notify_all();
    }
    bool await(std::string_view text) {
        std::unique_lock lock{mutex_};
        return changed_.wait_for(lock, std::chrono::seconds{60},
                                 [&] { return heard_.contains(text); });
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::string heard_;
};

class RotatingPassword : public testing::Test {
protected:
    RotatingPassword() {
        broker_.add_user(login_);
        broker_.change_password(login_);  // of a run before, where it was there already
        write();
    }

    std::string address(const std::string& queue) const {
        return fmt::format("amqp://{}@127.0.0.1:{}/{}?queue={}&password_file={}", login_.user,
                           broker_.port(), core::percent_encode(broker_.vhost()), queue,
                           core::percent_encode(file_));
    }
    /// As tools do that write secrets: nobody reads half of it.
    void write() const {
        std::ofstream{file_ + ".new"} << login_.password << '\n';
        std::filesystem::rename(file_ + ".new", file_);
    }
    void change(const std::string& password) {
        login_.password = password;
        broker_.change_password(login_);
    }

    RabbitMq& broker_ = RabbitMq::shared();
    const TemporaryDirectory directory_;
    const std::string file_ = directory_.file("password");
    RabbitMq::Credentials login_{.user = "rotating", .password = "the first"};
};

TEST_F(RotatingPassword, IsReadAgainForEachConnectionAndNoCallIsLost) {
    constexpr std::size_t threads = 4;
    const auto ear = std::make_shared<Ear>();
    Server server{{.log = ear}};
    server.method("place_order", [](const Order& order) { return order.count; });
    server.listen(address("rotating_password"));
    std::promise<void> ready;
    server.on_ready([&] { ready.set_value(); });
    server.start();
    ready.get_future().wait();
    faults::Load load{address("rotating_password"), threads, faults::Keys::one_each};
    load.await_more(threads);
    for (int round = 0; round < 3; ++round) {
        change("secret " + std::to_string(round));
        EXPECT_GE(broker_.close_all_connections("the password has changed"), 2U);
        if (round == 0) {
            // The broker first, the file later.
            EXPECT_TRUE(ear->await("refuses user 'rotating' with the password in " + file_));
        }
        write();
        load.await_more(4 * threads);
    }
    const faults::Load::Counts counts = load.finish();
    EXPECT_EQ(counts.answered, counts.calls);
    for (const auto& [code, count] : counts.failures) {
        ADD_FAILURE() << count << " calls failed: " << name_of(code);
    }
}

TEST_F(RotatingPassword, AFileThatIsNotThereIsToldAtTheStart) {
    std::filesystem::remove(file_);
    Server server;
    try {
        server.listen(address("rotating_password"));
        FAIL() << "it is not there";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), Code::invalid_request);
        EXPECT_NE(error.message().find("'password_file': " + file_ + " cannot be used"),
                  std::string::npos)
            << error.message();
    }
}

}  // namespace
}  // namespace warren::test
