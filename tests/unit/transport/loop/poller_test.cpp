#include "transport/loop/poller.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace warren::transport {
namespace {

/// One end of a connection in the poller, and the other one in the test's hand.
class End final : public PolledUser {
public:
    explicit End(Poller& poller) {
        std::array<int, 2> pair{};
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair.data()) != 0) {
            throw std::system_error{errno, std::system_category()};
        }
        socket = std::make_unique<PolledSocket>(poller, pair[0], *this);
        peer = pair[1];
    }
    ~End() { hang_up(); }

    void on_ready(Readiness ready) override {
        told.push_back(ready);
        if (when_told) {
            when_told();
        }
    }

    void send(std::string_view bytes) const { ::send(peer, bytes.data(), bytes.size(), 0); }
    void hang_up() {
        if (peer >= 0) {
            ::close(std::exchange(peer, -1));
        }
    }
    void read_all() const {
        std::array<char, 64> bytes{};
        while (::recv(socket->native_handle(), bytes.data(), bytes.size(), 0) > 0) {
        }
    }
    /// out  how many bytes were taken until there was no room
    std::size_t fill() const {
        const std::string bytes(4096, 'x');
        std::size_t total = 0;
        for (ssize_t count = 0; count >= 0; total += static_cast<std::size_t>(count)) {
            count = ::send(socket->native_handle(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (count < 0) {
                break;
            }
        }
        return total;
    }

    std::unique_ptr<PolledSocket> socket;
    int peer = -1;
    std::vector<Readiness> told;
    std::function<void()> when_told;
};

class PollerTest : public testing::Test {
protected:
    Poller poller;
    End end{poller};
};

TEST_F(PollerTest, TellsOnceForEveryTimeItIsAsked) {
    end.send("a");
    EXPECT_FALSE(poller.wait(0)) << "nobody asked";
    ASSERT_TRUE(end.socket->want_readable());
    EXPECT_TRUE(poller.wait(-1));
    ASSERT_EQ(end.told.size(), 1U);
    EXPECT_TRUE(end.told[0].readable);
    EXPECT_FALSE(end.told[0].writable);
    poller.wait(0);
    EXPECT_EQ(end.told.size(), 1U) << "nobody asked again";
    EXPECT_FALSE(poller.wait(0)) << "what nobody wants leaves the set";
    ASSERT_TRUE(end.socket->want_readable());
    EXPECT_TRUE(poller.wait(-1));
    EXPECT_EQ(end.told.size(), 2U) << "what was not read is there still";
}

TEST_F(PollerTest, TellsOfWhatComesLater) {
    ASSERT_TRUE(end.socket->want_readable());
    for (int i = 1; i <= 3; ++i) {
        EXPECT_FALSE(poller.wait(0));
        end.send("a");
        EXPECT_TRUE(poller.wait(-1));
        ASSERT_EQ(end.told.size(), static_cast<std::size_t>(i));
        end.read_all();
        ASSERT_TRUE(end.socket->want_readable());
    }
}

TEST_F(PollerTest, TellsOfReadingAndWritingApart) {
    ASSERT_TRUE(end.socket->want_readable());
    ASSERT_TRUE(end.socket->want_writable());
    EXPECT_TRUE(poller.wait(-1));
    ASSERT_EQ(end.told.size(), 1U);
    EXPECT_FALSE(end.told[0].readable);
    EXPECT_TRUE(end.told[0].writable);
    poller.wait(0);
    EXPECT_FALSE(poller.wait(0)) << "that it can be written to is not wanted any more";
    end.send("a");
    EXPECT_TRUE(poller.wait(-1));
    ASSERT_EQ(end.told.size(), 2U);
    EXPECT_TRUE(end.told[1].readable);
    EXPECT_FALSE(end.told[1].writable);
}

TEST_F(PollerTest, TellsOfRoomOnceThePeerReads) {
    const std::size_t sent = end.fill();
    ASSERT_TRUE(end.socket->want_writable());
    EXPECT_FALSE(poller.wait(0));
    std::vector<char> bytes(sent);
    ASSERT_EQ(::recv(end.peer, bytes.data(), sent, MSG_WAITALL), static_cast<ssize_t>(sent));
    EXPECT_TRUE(poller.wait(-1));
    ASSERT_EQ(end.told.size(), 1U);
    EXPECT_TRUE(end.told[0].writable);
}

TEST_F(PollerTest, TellsAllThatWaitWhenThePeerIsGone) {
    end.fill();
    ASSERT_TRUE(end.socket->want_readable());
    ASSERT_TRUE(end.socket->want_writable());
    end.hang_up();
    EXPECT_TRUE(poller.wait(-1));
    ASSERT_EQ(end.told.size(), 1U);
    EXPECT_TRUE(end.told[0].readable);
    EXPECT_TRUE(end.told[0].writable);
    poller.wait(0);
    EXPECT_FALSE(poller.wait(0)) << "a broken socket that nobody wants is no reason to wake up";
}

TEST_F(PollerTest, DoesNotTellOfASocketThatIsClosedMeanwhile) {
    End other{poller};
    for (End* const one : {&end, &other}) {
        one->send("a");
        ASSERT_TRUE(one->socket->want_readable());
    }
    end.when_told = [&] { other.socket.reset(); };
    other.when_told = [&] { end.socket.reset(); };
    EXPECT_TRUE(poller.wait(-1));
    EXPECT_EQ(end.told.size() + other.told.size(), 1U);
}

TEST_F(PollerTest, RefusesToWatchWhatIsClosed) {
    end.socket->close();
    EXPECT_FALSE(end.socket->is_open());
    EXPECT_FALSE(end.socket->want_readable());
    EXPECT_FALSE(end.socket->want_writable());
}

TEST_F(PollerTest, IsInterruptedByAnotherThreadAnyNumberOfTimes) {
    for (int i = 0; i < 100; ++i) {
        std::thread other{[&] { poller.interrupt(); }};
        EXPECT_TRUE(poller.wait(-1));
        other.join();
    }
    EXPECT_FALSE(poller.wait(0)) << "an interruption is over with the wait that it ended";
}

TEST_F(PollerTest, RemembersAnInterruptionBeforeTheWait) {
    poller.interrupt();
    EXPECT_TRUE(poller.wait(-1));
}

TEST_F(PollerTest, TellsOfMoreSocketsThanFitIntoOneTurn) {
    std::vector<std::unique_ptr<End>> ends;
    for (int i = 0; i < 300; ++i) {
        ends.push_back(std::make_unique<End>(poller));
        ends.back()->send("a");
        ASSERT_TRUE(ends.back()->socket->want_readable());
    }
    const auto told = [&] {
        return std::ranges::count_if(ends, [](const auto& one) { return !one->told.empty(); });
    };
    while (told() != 300) {
        ASSERT_TRUE(poller.wait(-1));
    }
}

}  // namespace
}  // namespace warren::transport
