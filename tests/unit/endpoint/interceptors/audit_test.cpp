#include <warren/middleware.hpp>

#include "endpoint/interceptors/append_file.hpp"
#include "endpoint/interceptors/line_writer.hpp"
#include "support/served.hpp"
#include "support/temporary_directory.hpp"
#include "unit/endpoint/interceptors/incoming.hpp"

#include <gtest/gtest.h>

#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <future>
#include <regex>

namespace warren::endpoint::test {
namespace {

std::vector<std::string> lines_of(const std::string& file) {
    std::vector<std::string> lines;
    std::ifstream stream{file};
    for (std::string line; std::getline(stream, line);) {
        lines.push_back(line);
    }
    return lines;
}

class AuditTest : public testing::Test {
protected:
    void call(ServerInterceptor& interceptor, std::string_view method) {
        Incoming incoming{method, "shop", log};
        EXPECT_FALSE(interceptor.begin(incoming.call));
        interceptor.end(incoming.call, {.response_bytes = 12, .duration = 1234us});
    }

    warren::test::TemporaryDirectory folder;
    const std::string file = folder.file("audit.jsonl");
    Lines log;
};

TEST_F(AuditTest, AppendsALineForEachCallOfItsMethods) {
    std::ofstream{file} << "{}\n";
    {
        const auto audited = audit({.file = file, .methods = {"order"}});
        call(*audited, "order");
        call(*audited, "status");
        call(*audited, "order");
    }
    const auto lines = lines_of(file);
    ASSERT_EQ(lines.size(), 3U);
    EXPECT_EQ(lines[0], "{}");
    EXPECT_TRUE(std::regex_match(
        lines[1],
        std::regex{
            R"(\{"time":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z","method":"order",)"
            R"("caller":"shop","code":"ok","duration_ms":1\.234,"request_bytes":37,)"
            R"("response_bytes":12,"attempt":2,"key":"order 7",)"
            R"("trace":"0af7651916cd43dd8448eb211c80319c","listener":"tcp://127.0.0.1:7000",)"
            R"("peer":"127.0.0.1:40000"\})"}))
        << lines[1];
    EXPECT_EQ(std::filesystem::status(file).permissions() & std::filesystem::perms::others_write,
              std::filesystem::perms::none);
}

TEST_F(AuditTest, OfNoMethodIsOfAllAndLogsWhereNoFileIs) {
    const auto lines = std::make_shared<Lines>();
    {
        const auto audited = audit({.log = lines});
        call(*audited, "order");
        call(*audited, "status");
    }
    ASSERT_EQ(lines->all().size(), 2U);
    EXPECT_TRUE(lines->all()[0].starts_with("audit {\"time\":")) << lines->all()[0];
    EXPECT_TRUE(lines->all()[1].ends_with('}')) << lines->all()[1];
}

TEST_F(AuditTest, NeedsOnePlaceThatCanBeWritten) {
    const auto refusal = [](const AuditOptions& options) {
        return warren::test::failure_of([&] { audit(options); }).message;
    };
    EXPECT_EQ(refusal({}), "An audit has a file or a log");
    EXPECT_EQ(refusal({.file = file, .log = std::make_shared<Lines>()}),
              "An audit has a file or a log");
    EXPECT_TRUE(refusal({.file = folder.file("no/such")}).ends_with("No such file or directory"));
}

/// A place that takes nothing until it is told to.
class Held final : public Log {
public:
    void write(LogLevel, std::string_view) override {
        std::unique_lock lock{mutex_};
        changed_.wait(lock, [this] { return is_open_; });
    }
    void open() {
        const std::lock_guard lock{mutex_};
        is_open_ = true;
        changed_.notify_all();
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool is_open_ = false;
};

TEST_F(AuditTest, WhatCannotBeKeptIsRefusedAndNothingIsDropped) {
    const auto held = std::make_shared<Held>();
    const auto audited =
        audit({.log = held, .methods = {"order"}, .waiting_bytes_max = std::size_t{1}});
    call(*audited, "order");
    Incoming incoming{"order", "shop", log};
    const auto refused = audited->begin(incoming.call);
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->code, Code::overloaded);
    EXPECT_EQ(refused->retry_after, 1s);
    call(*audited, "status");
    held->open();
}

TEST(LineWriter, TriesAgainWhatFailed) {
    std::promise<void> done;
    int attempts = 0;
    LineWriter writer{[&](const std::string& line) -> std::optional<std::string> {
                          EXPECT_EQ(line, "a");
                          if (++attempts == 1) {
                              return "the disk is full";
                          }
                          done.set_value();
                          return std::nullopt;
                      },
                      1ms};
    writer.put("a");
    done.get_future().wait();
    EXPECT_EQ(attempts, 2);
    EXPECT_EQ(writer.take_problem(), "the disk is full");
    EXPECT_FALSE(writer.take_problem());
}

TEST(LineWriter, TellsAtItsEndWhatIsLost) {
    testing::internal::CaptureStderr();
    {
        LineWriter writer{[](const std::string&) { return std::optional<std::string>{"no"}; }};
        writer.put("a");
        writer.put("b");
    }
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "error: 2 lines of an audit are lost: no\n");
}

TEST(AppendFile, OneThatWasMovedIsMadeAnew) {
    const warren::test::TemporaryDirectory folder;
    const std::string path = folder.file("lines");
    auto file = *AppendFile::open(path);
    EXPECT_FALSE(file.write("one\n"));
    std::filesystem::rename(path, path + ".1");
    EXPECT_FALSE(file.write("two\n"));
    EXPECT_EQ(lines_of(path + ".1"), std::vector<std::string>{"one"});
    EXPECT_EQ(lines_of(path), std::vector<std::string>{"two"});
}

}  // namespace
}  // namespace warren::endpoint::test
