#include "conformance/methods.hpp"

#include <stdexcept>

namespace warren::conformance {
namespace {

struct Share {
    int percentage{};
};
WARREN_MODEL(Share, (percentage, at_most(100)))

std::size_t count_lines(const Form& form) {
    return form.lines.size();
}

std::size_t length(const std::string& value) {
    return value.size();
}

std::string describe_call(const Context& context) {
    std::string said;
    // The span of the server takes the caller's place.
    const std::string_view trace = context.traceparent.substr(0, 35);
    for (const std::string_view text :
         {context.idempotency_key, trace, context.tracestate, context.baggage, context.contract}) {
        said.append(text).append("|");
    }
    return said + std::to_string(context.priority.value_or(0));
}

std::string unlock_with(const Guarded& request) {
    return "opened with " + request.passphrase.reveal();
}

Reply<Verdict> answer_with_words() {
    return {Verdict{.tolerable = true}, "In these words"};
}

Reply<Verdict> decline() {
    return Reply<Verdict>::failure("Not today", Verdict{.tolerable = false});
}

void fail_with_data() {
    throw Error{"Out of onions", Dynamic::map({{"left", 0}, {"food", "onion"}})};
}

void claim_a_code() {
    throw Error{Code::conflict, "Somebody else has it"};
}

void claim_what_is_not_its_own() {
    throw Error{Code::connection_lost, "hunter2"};
}

void break_down() {
    throw std::runtime_error{"cannot open /etc/secret: hunter2"};
}

void throw_a_number() {
    throw 7;  // NOLINT: handlers do such things
}

Share exceed() {
    return {.percentage = 101};
}

int count(const Count& request, Stream<int> numbers) {
    for (int number = 0; number < request.count; ++number) {
        numbers.write(number);
    }
    if (request.fails) {
        throw Error{"Out of numbers"};
    }
    return request.count;
}

}  // namespace

void register_methods(Server& server, Stage& stage, CallItself call_itself) {
    server.method("count_lines", count_lines);
    server.method("length", length, {"value"});
    server.method("describe_call", [](Context& context) { return describe_call(context); });
    server.method("unlock", unlock_with);
    server.method("take_note", [](const Note&) {});
    server.method("answer_with_words", answer_with_words);
    server.method("decline", decline);
    server.method("fail_with_data", fail_with_data);
    server.method("claim_a_code", claim_a_code);
    server.method("claim_what_is_not_its_own", claim_what_is_not_its_own);
    server.method("forbidden", [] {});
    server.method("break_down", break_down);
    server.method("throw_a_number", throw_a_number);
    server.method("exceed", exceed);
    server.method("relay",
                  [call_itself](std::string value, Context& context) -> task<Dynamic> {
                      const Dynamic given = co_await call_itself(context, "echo", "value", value);
                      co_return given;
                  },
                  {"value"});
    server.method("relay_failure",
                  [call_itself](std::string message, Context& context) -> task<Dynamic> {
                      const Dynamic given =
                          co_await call_itself(context, "fail", "message", message);
                      co_return given;
                  },
                  {"message"});
    server.method<count_up>(count);
    server.method("tell", [&stage](const Hold& request, Context& context) {
        context.progress(0.5, "half of " + request.key, Dynamic{7});
        stage.act(request.name);
    });
    const auto hold = [&stage](const Hold& request) { stage.act(request.name); };
    server.method("hold", hold);
    server.method("hold_key", hold).lock_on(&Hold::key);
    server.method("hold_alone", hold).run_alone();
    server
        .method("heed", [&stage](const Hold& request,
                                 Context& context) { stage.act(request.name, context.stop); })
        .lock_on(&Hold::key);
}

}  // namespace warren::conformance
