#include <warren/dynamic.hpp>

#include "endpoint/proxy/buffered_call.hpp"
#include "store/queue_file.hpp"
#include "support/child_process.hpp"
#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

/// `warren buffer`, as a user runs it.
namespace warren {
namespace {

struct Shown {
    int code = 0;
    std::vector<std::string> lines;
};

class BufferCommands : public testing::Test {
protected:
    store::QueueFile open() {
        auto file = store::QueueFile::open({.path = path()});
        if (!file) {
            throw Error{file.error()};
        }
        return std::move(*file);
    }
    /// Two calls that wait, and one that failed.
    void fill() {
        store::QueueFile file = open();
        ASSERT_TRUE(file.begin());
        const Dynamic arguments = Dynamic::map({{"a", 1}});
        for (const char* method : {"bad", "add", "sub"}) {
            ASSERT_TRUE(file.append(*endpoint::encode_buffered(
                {.accepted_at_ms = 1'700'000'000'000,
                 .call = {.method = method,
                          .arguments = arguments.value(),
                          .metadata = {.idempotency_key = "order 7"}}})));
        }
        ASSERT_TRUE(file.fail(1, "failed: \"no\"", 1'700'000'001'000));
        ASSERT_TRUE(file.commit());
    }
    Shown run(std::vector<std::string> options, std::string file = {}) {
        std::vector<std::string> command{
            "sh",           "-c",     "exec \"$@\" 2>&1",          "sh",
            WARREN_PROGRAM, "buffer", file.empty() ? path() : file};
        command.insert(command.end(), options.begin(), options.end());
        return run_command(command);
    }
    static Shown run_command(const std::vector<std::string>& command) {
        test::ChildProcess child{command};
        Shown shown;
        for (std::string line = child.read_line(); !line.empty(); line = child.read_line()) {
            shown.lines.push_back(line);
        }
        shown.code = child.wait();
        return shown;
    }
    /// `warren dead` over the same file.
    Shown dead(const std::string& action, std::vector<std::string> options = {}) {
        std::vector<std::string> command{"sh",   "-c",   "exec \"$@\" 2>&1", "sh",  WARREN_PROGRAM,
                                         "dead", action, "--from",           path()};
        command.insert(command.end(), options.begin(), options.end());
        return run_command(command);
    }
    std::string path() const { return directory_.file("orders.buffer"); }

private:
    test::TemporaryDirectory directory_;
};

using Lines = std::vector<std::string>;

TEST_F(BufferCommands, CountWhatWaitsAndWhatFailed) {
    fill();
    const Shown shown = run({});
    EXPECT_EQ(shown.code, 0);
    ASSERT_EQ(shown.lines.size(), 4U);
    EXPECT_TRUE(shown.lines[0].starts_with("waiting: 2 calls, ")) << shown.lines[0];
    EXPECT_TRUE(shown.lines[1].starts_with("failed: 1 calls, ")) << shown.lines[1];
    EXPECT_EQ(shown.lines[2], "discarded: 0 that failed");
    EXPECT_EQ(shown.lines[3], "damaged: 0 calls");
}

TEST_F(BufferCommands, ListWhatWaits) {
    fill();
    const Shown shown = run({"--list"});
    EXPECT_EQ(shown.code, 0);
    EXPECT_EQ(shown.lines, (Lines{R"({"id":2,"accepted":"2023-11-14T22:13:20Z","method":"add",)"
                                  R"("idempotency_key":"order 7"})",
                                  R"({"id":3,"accepted":"2023-11-14T22:13:20Z","method":"sub",)"
                                  R"("idempotency_key":"order 7"})"}));
}

TEST_F(BufferCommands, ListWhatFailedWithItsReasonAndOnDemandTheArguments) {
    fill();
    const Shown shown = run({"--failed", "--arguments"});
    EXPECT_EQ(shown.code, 0);
    EXPECT_EQ(shown.lines,
              (Lines{R"({"id":1,"failed":"2023-11-14T22:13:21Z","reason":"failed: \"no\"",)"
                     R"("accepted":"2023-11-14T22:13:20Z","method":"bad",)"
                     R"("idempotency_key":"order 7","arguments":{"a":1}})"}));
}

TEST_F(BufferCommands, SendAgainWhatFailed) {
    fill();
    EXPECT_EQ(run({"--retry"}).lines, (Lines{"1 of those that failed wait again"}));
    store::QueueFile file = open();
    EXPECT_EQ(file.totals().entries, 3U);
    EXPECT_EQ(file.totals().failed_entries, 0U);
    EXPECT_EQ(file.entries_after(3)->front().id, 4U);
}

TEST_F(BufferCommands, SayWhyThereIsNothingToShow) {
    const Shown missing = run({});
    EXPECT_EQ(missing.code, 1);
    EXPECT_EQ(missing.lines, (Lines{"error: There is no file " + path()}));
    const store::QueueFile held = open();
    const Shown in_use = run({});
    EXPECT_EQ(in_use.code, 1);
    ASSERT_EQ(in_use.lines.size(), 1U);
    EXPECT_NE(in_use.lines[0].find("is in use, by another process"), std::string::npos);
}

TEST_F(BufferCommands, TakeOneWishAtATime) {
    fill();
    EXPECT_EQ(run({"--list", "--failed"}).code, 2);
    EXPECT_EQ(run({"--failed", "--retry"}).code, 2);
}

TEST_F(BufferCommands, ListWhatWasAltered) {
    fill();
    {
        store::QueueFile file = open();
        ASSERT_TRUE(file.begin() &&
                    file.set_aside({.id = 2, .found_at_ms = 0, .what = "damaged"}) &&
                    file.commit());
    }
    EXPECT_EQ(run({}).lines.back(), "damaged: 1 calls");
    const Shown shown = run({"--damaged"});
    EXPECT_EQ(shown.lines, (Lines{R"({"id":2,"found":"1970-01-01T00:00:00Z","what":"damaged"})"}));
    EXPECT_TRUE(run({"--damaged", "--arguments"}).lines.front().contains(R"("base64":")"));
}

TEST_F(BufferCommands, ItsDeadLettersAreShownRetriedAndPurged) {
    fill();
    const Shown listed = dead("list", {"--output", "json"});
    EXPECT_EQ(listed.code, 0);
    EXPECT_EQ(listed.lines, (std::vector<std::string>{
                                R"({"number":1,"reason":"failed: \"no\"","method":"bad",)"
                                R"("died":"2023-11-14T22:13:21Z","first":"2023-11-14T22:13:20Z",)"
                                R"("idempotency_key":"order 7"})"}));
    EXPECT_TRUE(dead("list", {"--method", "add"}).lines.empty());
    EXPECT_EQ(dead("retry", {"--method", "add"}).lines, (std::vector<std::string>{"0 put back"}));
    EXPECT_EQ(dead("retry", {"--reason", "no"}).lines, (std::vector<std::string>{"1 put back"}));
    {
        store::QueueFile file = open();
        EXPECT_EQ(file.totals().entries, 3U);
        EXPECT_EQ(file.totals().failed_entries, 0U);
        EXPECT_EQ(file.totals().failed_bytes, 0U);
        ASSERT_TRUE(file.begin());
        ASSERT_TRUE(file.fail(2, "again", 1'700'000'002'000));
        ASSERT_TRUE(file.commit());
    }
    EXPECT_EQ(dead("purge").code, 2);
    EXPECT_EQ(dead("purge", {"--yes"}).lines, (std::vector<std::string>{"1 purged"}));
    EXPECT_TRUE(dead("list").lines.empty());
    EXPECT_EQ(dead("list", {"--dead-letter-queue", "x"}).code, 2);
}

}  // namespace
}  // namespace warren
