// For tests: a client that stays. Each line of its input is a call,
// "TAG METHOD JSON"; each line of its output an outcome, "TAG ok JSON" or "TAG CODE MESSAGE", as
// they come. "TAG@MS" waits so many milliseconds for the response; a call "notify" is one-way. It
// ends with its input, after the last outcome.
#include <warren/client.hpp>

#include "format/json/json.hpp"

#include <cstdio>
#include <expected>
#include <future>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

namespace {

using namespace warren;

void print(const std::string& tag, const std::expected<Dynamic, Failure>& outcome) {
    std::string line = tag + ' ';
    if (!outcome) {
        line.append(name_of(outcome.error().code)).append(" ").append(outcome.error().message);
    } else if (line += "ok "; !format::json_encode(outcome->value(), line)) {
        line = tag + " internal no JSON";
    }
    std::puts(line.c_str());
    std::fflush(stdout);
}

std::future<void> start(Client& client, const std::string& line) {
    std::istringstream parts{line};
    std::string tag;
    std::string method;
    std::string json;
    std::getline(std::getline(std::getline(parts, tag, ' '), method, ' '), json);
    Arena arena;
    const Dynamic arguments{format::json_decode(json, arena).value()};
    CallOptions options;
    if (const std::size_t at = tag.find('@'); at != std::string::npos) {
        options.timeout = std::chrono::milliseconds{std::stoi(tag.substr(at + 1))};
    }
    std::promise<void> done;
    std::future<void> future = done.get_future();
    auto finish = [tag, done = std::move(done)](auto outcome) mutable {
        print(tag, outcome);
        done.set_value();
    };
    if (tag == "notify") {
        client.start_notify(
            method, arguments,
            [finish = std::move(finish)](std::expected<void, Failure> sent) mutable {
                finish(sent ? std::expected<Dynamic, Failure>{} : std::unexpected{sent.error()});
            });
    } else {
        client.start_call(method, arguments, std::move(finish), options);
    }
    return future;
}

}  // namespace

int main(int count, char** values) {
    const std::vector<std::string> secrets(values + 2, values + count);
    Client client{values[1],
                  {.auth_secrets = secrets, .connect_pause = std::chrono::milliseconds{10}}};
    std::vector<std::future<void>> calls;
    for (std::string line; std::getline(std::cin, line);) {
        calls.push_back(start(client, line));
    }
    for (std::future<void>& call : calls) {
        call.wait();
    }
}
