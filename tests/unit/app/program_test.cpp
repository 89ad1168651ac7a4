#include <warren/server.hpp>

#include "contract/registered.hpp"
#include "support/child_process.hpp"
#include "support/dated_certificate.hpp"
#include "support/served.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

// The program as a user runs it, as far as that needs no broker.
namespace warren {
namespace {

struct Outcome {
    int code = 0;
    std::string output;  // of both streams
};

/// in   arguments for a shell
Outcome run(const std::string& arguments) {
    test::ChildProcess child{
        {"sh", "-c", std::string{"exec "} + WARREN_PROGRAM + " " + arguments + " 2>&1"}};
    child.close_input();
    Outcome outcome;
    for (std::string line = child.read_line(); !line.empty(); line = child.read_line()) {
        outcome.output += line + "\n";
    }
    outcome.code = child.wait();
    return outcome;
}

class Program : public testing::Test {
protected:
    Program() {
        directory_ = testing::TempDir() + "warren_program_" +
                     testing::UnitTest::GetInstance()->current_test_info()->name();
        std::filesystem::create_directories(directory_);
    }
    ~Program() override { std::filesystem::remove_all(directory_); }

    std::string config(const std::string& content) const {
        std::ofstream{directory_ + "/warren.yml"} << "modules: [" << WARREN_MODULES << "]\n"
                                                  << content;
        return directory_ + "/warren.yml";
    }

    std::string directory_;
};

TEST_F(Program, SaysItsVersion) {
    const Outcome outcome = run("--version");
    EXPECT_EQ(outcome.code, 0);
    EXPECT_TRUE(outcome.output.starts_with("warren ")) << outcome.output;
}

TEST_F(Program, ACommandLineThatMakesNoSenseEndsWith2) {
    EXPECT_EQ(run("").code, 2);
    EXPECT_EQ(run("dance").code, 2);
    EXPECT_EQ(run("call echo").code, 2);
    EXPECT_EQ(run("call echo '{' --to tcp://localhost:1").code, 2);
    EXPECT_EQ(run("call echo 1 --to tcp://localhost:1 --timeout 5").code, 2);
    EXPECT_EQ(run("call echo 1 --to nowhere://localhost").code, 2);
}

TEST_F(Program, NamesWhatIsWrongWithACommandLineAndWhatToDo) {
    const auto error_of = [](const std::string& arguments) {
        const Outcome outcome = run(arguments);
        EXPECT_EQ(outcome.code, 2) << outcome.output;
        return outcome.output;
    };
    EXPECT_EQ(error_of("serv"), "error: there is no sub-command 'serv' (did you mean 'serve'?)\n");
    EXPECT_TRUE(error_of("call echo 1").contains("WARREN_TO"));
    EXPECT_TRUE(error_of("call echo 1 --to memory:quick").contains("in memory"));
    const std::string call = "call echo 1 --to tcp://localhost:1 ";
    EXPECT_TRUE(error_of(call + "--fernet-key nonsense").starts_with("error: --fernet-key: "));
    EXPECT_TRUE(error_of(call + "--fernet-key nonsense").contains("warren keygen"));
    EXPECT_EQ(error_of(call + "--auth-secret @/nowhere"),
              "error: --auth-secret: cannot read the file '/nowhere': No such file or directory\n");
    EXPECT_TRUE(error_of("call echo 1 --to TLS://localhost:1 --ca /nowhere")
                    .contains("'/nowhere' cannot be used: No such file or directory"));
    EXPECT_TRUE(error_of("call echo 1 --to AMQPS://localhost/?queue=q --ca /nowhere")
                    .contains("'/nowhere' cannot be used: No such file or directory"));
    EXPECT_EQ(error_of("proxy --from tcp://localhost:0 --to zmq+tcp://localhost"),
              "error: --to: Name the port, as in zmq+tcp://HOST:PORT\n");
    EXPECT_TRUE(error_of("proxy --from nowhere://localhost --to tcp://localhost:1")
                    .starts_with("error: --from: Unknown scheme"));
}

TEST_F(Program, TakesAddressesFromFilesAndTheEnvironment) {
    const std::string file = directory_ + "/address";
    std::ofstream{file} << "tcp://localhost\n";
    const std::string refusal = "Name the port, as in tcp://HOST:PORT\n";
    EXPECT_EQ(run("call echo 1 --to @" + file).output, "error: " + refusal);
    EXPECT_EQ(run("proxy --from @" + file + " --to tcp://a:1").output, "error: --from: " + refusal);
    EXPECT_EQ(run("proxy --from tcp://a:1 --to @" + file).output, "error: --to: " + refusal);
    setenv("WARREN_TO", ("@" + file).c_str(), 1);
    EXPECT_EQ(run("call echo 1").output, "error: " + refusal);
    EXPECT_EQ(run("proxy --from tcp://a:1").output, "error: --to: " + refusal);
    setenv("WARREN_FROM", "tcp://localhost", 1);
    EXPECT_EQ(run("proxy").output, "error: --from: " + refusal);
    unsetenv("WARREN_TO");
    unsetenv("WARREN_FROM");
    EXPECT_EQ(run("call echo 1 --to @/nowhere").output,
              "error: --to: cannot read the file '/nowhere': No such file or directory\n");
    EXPECT_EQ(run("call echo 1 --to @/dev/null").output,
              "error: --to: cannot read the file '/dev/null': it is empty\n");
    EXPECT_EQ(run("proxy --from @/nowhere --to tcp://a:1").code, 2);
}

TEST_F(Program, ShowsNothingOfAnAddressThatIsNotUnderstood) {
    for (const std::string address :
         {"amqp://us/er:hush@h/?queue=q", "amqp://user:1/hush@h/?queue=q", "tls://u:12?hush=1@h:1",
          "zmq+tcp://u:1,hush://a@h:1", "arrpc://u:12#hush@h:1", "amqp://user:a@hush@h/?queue=q"}) {
        for (const std::string command : {"call echo 1 --to '", "proxy --to tcp://a:1 --from '",
                                          "call echo 1 '", "call '", "'"}) {
            const Outcome outcome = run(command + address + "'");
            EXPECT_EQ(outcome.code, 2) << outcome.output;
            EXPECT_FALSE(outcome.output.contains("hush")) << outcome.output;
            EXPECT_FALSE(outcome.output.contains("user:")) << outcome.output;
        }
        const Outcome checked =
            run("check " + config("listeners: [{amqp: '" + address + "', queue: q}]\n" +
                                  "proxies: [{from: {tcp: 'a:1'}, to: '" + address + "'}]\n"));
        EXPECT_EQ(checked.code, 1);
        EXPECT_FALSE(checked.output.contains("hush")) << checked.output;
    }
}

TEST_F(Program, MakesAKey) {
    const Outcome outcome = run("keygen");
    EXPECT_EQ(outcome.code, 0);
    EXPECT_EQ(outcome.output.size(), 45U);
}

TEST_F(Program, MakesAPairOfKeysAsAConfigurationHasThem) {
    const Outcome outcome = run("keygen --curve");
    EXPECT_EQ(outcome.code, 0);
    const std::size_t second = outcome.output.find("secret_key: \"");
    ASSERT_EQ(second, std::string_view{"public_key: \"\"\n"}.size() + 40) << outcome.output;
    const std::string secret_key =
        outcome.output.substr(second, outcome.output.size() - second - 1);
    const Outcome checked =
        run("check " + config("listeners: [{zmq: \"tcp://*:0\", curve: {" + secret_key + "}}]\n"));
    EXPECT_EQ(checked.code, 0) << checked.output;
}

TEST_F(Program, ListsMethods) {
    const Outcome outcome = run(std::string{"methods --modules "} + WARREN_MODULES);
    EXPECT_EQ(outcome.code, 0) << outcome.output;
    EXPECT_NE(outcome.output.find("favourite_food: onion | orange | banana. Human-readable"),
              std::string::npos)
        << outcome.output;
}

TEST_F(Program, ListsLocksWithTheirNames) {
    struct Case {
        contract::MethodDocument method;
        const char* lock;
        const char* lock_json;
        const char* name_json;
    };
    const std::vector<Case> cases{
        {{.name = "free"}, "free\n    request", "null", "null"},
        {{.name = "alone", .runs_alone = true}, "lock: (runs alone)\n", "\"(runs alone)\"", "null"},
        {{.name = "own", .lock_field = "name"}, "lock: name\n", "\"name\"", "null"},
        {{.name = "shared", .lock_field = "name", .lock_name = "server"},
         "lock: name, shared as 'server'\n",
         "\"name\"",
         "\"server\""},
        {{.name = "all", .runs_alone = true, .lock_name = "server"},
         "lock: (runs alone), shared as 'server'\n",
         "\"(runs alone)\"",
         "\"server\""}};
    const std::string file = directory_ + "/contract.json";
    for (const Case& each : cases) {
        contract::Document document{.methods = {each.method}};
        document.methods[0].fingerprint = contract::fingerprint(document, document.methods[0]);
        document.fingerprint = contract::fingerprint(document);
        std::ofstream{file} << contract::to_json(document);
        const Outcome text = run("methods " + file);
        EXPECT_EQ(text.code, 0) << text.output;
        EXPECT_TRUE(text.output.contains(each.lock)) << text.output;
        const Outcome json = run("methods --json " + file);
        EXPECT_TRUE(json.output.contains(std::string{"\"lock\": "} + each.lock_json + ","))
            << json.output;
        EXPECT_TRUE(json.output.contains(std::string{"\"lock_name\": "} + each.name_json + ","))
            << json.output;
    }
}

TEST_F(Program, ChecksAConfigurationWithItsModules) {
    const Outcome fine = run("check " + config("listeners: [{memory: a, methods: [echo]}]\n"));
    EXPECT_EQ(fine.code, 0) << fine.output;
    const Outcome missing = run("check " + config("listeners: [{memory: a, methods: [ecko]}]\n"));
    EXPECT_EQ(missing.code, 1);
    EXPECT_NE(missing.output.find("warren.yml:2: listeners[0].methods[0]: no module offers the "
                                  "method 'ecko' (did you mean 'echo'?)"),
              std::string::npos)
        << missing.output;
}

TEST_F(Program, ChecksTheTimeOfCertificates) {
    test::write_dated_certificate(directory_ + "/past.pem", std::chrono::hours{-2},
                                  std::chrono::hours{-1});
    const Outcome outcome =
        run("check " + config("listeners: [{tcp: 'localhost:1', tls: {certificate: past.pem}}]\n"));
    EXPECT_EQ(outcome.code, 1);
    EXPECT_NE(outcome.output.find("warren.yml:2: listeners[0].tls.certificate: The certificate"),
              std::string::npos)
        << outcome.output;
}

TEST_F(Program, AMissingDirectoryOfModulesIsOneProblemAtItsKey) {
    const std::string file = directory_ + "/warren.yml";
    std::ofstream{file} << "modules: [/nowhere]\nlisteners: [{memory: a, methods: [b, c]}]\n";
    EXPECT_EQ(run("check " + file).output, file + ":1: modules[0]: /nowhere: no such directory\n");
    EXPECT_EQ(run("methods --modules /nowhere").output,
              "error: --modules: /nowhere: no such directory\n");
}

TEST_F(Program, APortThatIsTakenIsNamedByLineAndKey) {
    test::ChildProcess first{
        {WARREN_PROGRAM, "serve", "--config", config("listeners: [{tcp: '127.0.0.1:0'}]\n")}};
    const std::string ready = first.read_line();
    const std::string where = "127.0.0.1:" + ready.substr(ready.rfind(':') + 1);
    const std::string taken = where.substr(0, where.find_first_not_of("0123456789.:"));
    const std::string file = config("listeners: [{tcp: '" + taken + "'}]\n");
    const Outcome second = run("serve --config " + file);
    EXPECT_EQ(second.code, 78);
    EXPECT_TRUE(second.output.contains("error: " + file +
                                       ":2: listeners[0].tcp: Cannot listen at " + taken))
        << second.output;
    const std::string watched =
        config("admin: {address: '" + taken + "'}\nlisteners: [{memory: a}]\n");
    const Outcome third = run("serve --config " + watched);
    EXPECT_EQ(third.code, 78);
    EXPECT_TRUE(
        third.output.contains("error: " + watched + ":2: admin.address: Cannot listen at " + taken))
        << third.output;
    first.send_signal(SIGTERM);
    EXPECT_EQ(first.wait(), 0);
}

TEST_F(Program, ChecksEverythingAtOnceAndServesNoneOfIt) {
    const std::string file = directory_ + "/warren.yml";
    std::ofstream{file} << "modules: [" << WARREN_MODULES << ", /nowhere]\n"
                        << "workers: many\n"
                        << "listeners:\n"
                        << "  - {tcp: 'localhost:1', methods: [ecko]}\n"
                        << "  - {amqp: 'amqps://h', queue: q, tls: {ca: absent.pem}}\n"
                        << "  - {tcp: 'localhost:1'}\n"
                        << "proxies:\n"
                        << "  - {from: {tcp: 'h:2'}, to: 'tcp://h:3', buffered: yes}\n";
    // Of the state directory: a file where a directory has to be made.
    std::ofstream{directory_ + "/state"} << "";
    const std::string environment = "STATE_DIRECTORY=" + directory_ + "/state/warren ";
    const auto run_with = [&](const std::string& command) {
        test::ChildProcess child{
            {"sh", "-c",
             environment + " exec " + std::string{WARREN_PROGRAM} + " " + command + " 2>&1"}};
        Outcome outcome;
        for (std::string line = child.read_line(); !line.empty(); line = child.read_line()) {
            outcome.output += line + "\n";
        }
        outcome.code = child.wait();
        return outcome;
    };
    const Outcome checked = run_with("check " + file);
    EXPECT_EQ(checked.code, 1);
    for (const char* const part :
         {"modules[1]: /nowhere: no such directory", ":2: workers: ", ":5: listeners[1].tls.ca: ",
          ":6: listeners[2].tcp: this port is taken", ":8: proxies[0]: the buffer '"}) {
        EXPECT_TRUE(checked.output.contains(part)) << part << "\n" << checked.output;
    }
    EXPECT_EQ(run_with("serve --config " + file).code, 78);
}

TEST_F(Program, ServesNothingFromAWrongConfiguration) {
    const Outcome outcome = run("serve --config " + config("listeners: []\nworkrs: 1\n"));
    EXPECT_EQ(outcome.code, 78) << outcome.output;
    EXPECT_NE(outcome.output.find("workrs"), std::string::npos) << outcome.output;
    EXPECT_EQ(outcome.output.find("ready"), std::string::npos) << outcome.output;
}

TEST_F(Program, TakesABufferBesideAConfigurationOfThisDirectory) {
    config(
        "proxies: [{from: {tcp: 'localhost:0'}, to: 'tcp://b:1', buffer: {file: calls.buffer}}]\n");
    const std::filesystem::path before = std::filesystem::current_path();
    std::filesystem::current_path(directory_);
    const Outcome outcome = run("check warren.yml");
    std::filesystem::current_path(before);
    EXPECT_EQ(outcome.code, 0) << outcome.output;
}

TEST_F(Program, ADirectoryIsNoFile) {
    EXPECT_EQ(run("check " + directory_).code, 1);
    const Outcome outcome = run("call echo @" + directory_ + " --to tcp://localhost:1");
    EXPECT_EQ(outcome.code, 2);
    EXPECT_EQ(outcome.output,
              "error: the arguments: cannot read the file '" + directory_ + "': Is a directory\n");
}

TEST_F(Program, WhatCannotBeWrittenIsAnError) {
    const Outcome outcome = run("keygen >/dev/full");
    EXPECT_EQ(outcome.code, 1);
}

TEST_F(Program, ServesAndDrainsAtASignal) {
    test::ChildProcess child{{WARREN_PROGRAM, "serve", "--config",
                              config("listeners: [{memory: a, methods: [echo]}]\n")}};
    EXPECT_EQ(child.read_line(), "ready");
    child.send_signal(SIGTERM);
    EXPECT_EQ(child.wait(), 0);
}

TEST_F(Program, SendsAnIdempotentCallAgainAndSaysHowOften) {
    std::atomic<int> runs = 0;
    Server server;
    server.method("flaky", [&runs] {
        if (++runs == 1) {
            throw std::runtime_error{"the first time"};
        }
        return runs.load();
    });
    server.listen({.url = "tcp://127.0.0.1:0"});
    server.start();
    const std::string call = "call flaky '{}' --to " + test::address_of(server);
    const Outcome once = run(call + " --verbose");
    EXPECT_EQ(once.code, 1);
    EXPECT_TRUE(once.output.contains("attempts: 1 (internal)\nerror: internal: ")) << once.output;
    runs = 0;
    const Outcome again = run(call + " --verbose --idempotent");
    EXPECT_EQ(again.code, 0) << again.output;
    EXPECT_TRUE(again.output.contains("attempts: 2 (internal)\n")) << again.output;
    EXPECT_EQ(run(call).output, "3\n");
}

TEST_F(Program, SaysWhatKeepsMethodsFromBeingTried) {
    const std::string document = directory_ + "/contract.json";
    ASSERT_EQ(run("contract show " + std::string{WARREN_MODULES} + " >" + document).code, 0);
    const std::string serve = "docs serve --port 0 ";
    EXPECT_EQ(run(serve + "--try dance " + document).code, 2);
    EXPECT_EQ(run(serve + "--address tcp://localhost:1 " + document).code, 2) << "without --try";
    const auto error_of = [&](const std::string& arguments) {
        const Outcome outcome = run(serve + arguments);
        EXPECT_EQ(outcome.code, 78) << outcome.output;
        return outcome.output;
    };
    EXPECT_TRUE(error_of("--try mock " + document).contains("name them by --modules or --config"));
    EXPECT_TRUE(error_of("--try call " + document).contains("name it by --address, --config"));
    const std::string call = "--try call " + document + " ";
    EXPECT_EQ(error_of(call + "--address tcp://us/er:hush@a"),
              error_of(call + "--address tcp://us/er:hist@a"));
    EXPECT_TRUE(error_of(call + "--address memory:a").starts_with("error: --address: "));
    EXPECT_TRUE(error_of(call + "--address tcp://a:1 --timeout 5").contains("--timeout"));
    EXPECT_TRUE(error_of(call + "--address tcp://a:1 --fernet-key x").contains("--fernet-key"));
    EXPECT_TRUE(error_of("--try call --config " + config("listeners: [{tcp: '127.0.0.1:0'}]\n"))
                    .contains("--address says where to call"));
}

TEST_F(Program, ContractDiffSaysWhatBreaks) {
    const std::string old_file = directory_ + "/old.json";
    const std::string new_file = directory_ + "/new.json";
    ASSERT_EQ(run("contract show " + std::string{WARREN_MODULES} + " >" + old_file).code, 0);
    // Of two versions of the modules themselves, each in a process of its own.
    const Outcome same = run("contract diff " + old_file + " " + WARREN_MODULES);
    EXPECT_EQ(same.code, 0) << same.output;
    EXPECT_EQ(same.output, "nothing that callers can notice has changed\n");

    // A directory that was misspelt is no contract without methods.
    std::filesystem::create_directories(directory_ + "/none");
    const Outcome none = run("contract show " + directory_ + "/none");
    EXPECT_EQ(none.code, 78);
    EXPECT_NE(none.output.find("/none: there is no module here"), std::string::npos) << none.output;

    std::ofstream{new_file} << contract::to_json(contract::document_of({}));
    const Outcome gone = run("contract diff " + old_file + " " + new_file);
    EXPECT_EQ(gone.code, 1) << gone.output;
    EXPECT_NE(gone.output.find("breaking: methods.dx_example: The method was removed."),
              std::string::npos)
        << gone.output;
    const Outcome come = run("contract diff --json " + new_file + " " + old_file);
    EXPECT_EQ(come.code, 0) << come.output;
    EXPECT_NE(come.output.find("\"path\": \"methods.dx_example\""), std::string::npos)
        << come.output;

    EXPECT_EQ(run("contract diff " + old_file + " " + directory_ + "/missing.json").code, 78);
    EXPECT_EQ(run("contract diff " + old_file).code, 2);
}

}  // namespace
}  // namespace warren
