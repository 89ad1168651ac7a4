#include "support/child_process.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <csignal>

namespace warren::test {
namespace {

TEST(RunUntilSignal, EndsWithSuccessWhenAllIsAnswered) {
    for (const int number : {SIGTERM, SIGINT}) {
        ChildProcess program{{WARREN_TEST_EMBEDDED, "30000"}};
        ASSERT_EQ(program.read_line(), "ready");
        program.send_signal(number);
        EXPECT_EQ(program.read_line(), "drained");
        EXPECT_EQ(program.wait(), 0);
    }
}

TEST(RunUntilSignal, WaitsForHandlersAtTheFirstSignal) {
    ChildProcess program{{WARREN_TEST_EMBEDDED, "30000", "busy"}};
    EXPECT_EQ(program.read_line(), "ready");
    EXPECT_EQ(program.read_line(), "busy");
    program.send_signal(SIGTERM);
    program.write_line("go on");
    EXPECT_EQ(program.read_line(), "drained");
    EXPECT_EQ(program.wait(), 0);
}

TEST(RunUntilSignal, SaysWhenItCouldNotDrain) {
    ChildProcess program{{WARREN_TEST_EMBEDDED, "1", "busy"}};
    EXPECT_EQ(program.read_line(), "ready");
    EXPECT_EQ(program.read_line(), "busy");
    program.send_signal(SIGTERM);
    EXPECT_EQ(program.read_line(), "not drained");
    program.close_input();
    EXPECT_EQ(program.wait(), 75);
}

TEST(RunUntilSignal, EndsAtOnceAtTheSecondSignal) {
    ChildProcess program{{WARREN_TEST_EMBEDDED, "3600000", "busy"}};
    EXPECT_EQ(program.read_line(), "ready");
    EXPECT_EQ(program.read_line(), "busy");
    // Those that follow one another closely are one.
    siginfo_t ended{};
    while (waitid(P_PID, static_cast<id_t>(program.id()), &ended, WEXITED | WNOHANG | WNOWAIT) ==
               0 &&
           ended.si_pid == 0) {
        program.send_signal(SIGTERM);
    }
    EXPECT_EQ(program.wait(), 128 + SIGTERM);
}

}  // namespace
}  // namespace warren::test
