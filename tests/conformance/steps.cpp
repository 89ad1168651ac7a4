#include "conformance/steps.hpp"

#include "conformance/methods.hpp"
#include "endpoint/protocols/table.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <expected>
#include <optional>
#include <vector>

namespace warren::conformance {
namespace {

bool carries_messages(const ProtocolTraits& traits) {
    return traits.messages == ProtocolTraits::Messages::carried;
}
bool carries_positions(const ProtocolTraits& traits) {
    return traits.positions != ProtocolTraits::Positions::refused;
}
bool refuses_alone(const ProtocolTraits& traits) {
    return traits.oversized == ProtocolTraits::Oversized::refused;
}
bool refuses_when_read(const ProtocolTraits& traits) {
    return traits.oversized == ProtocolTraits::Oversized::refused_by_reader;
}
bool refuses_and_ends(const ProtocolTraits& traits) {
    return traits.oversized == ProtocolTraits::Oversized::ends_connection;
}
bool refuses_positions(const ProtocolTraits& traits) {
    return !carries_positions(traits);
}
bool tells_one_position(const ProtocolTraits& traits) {
    return traits.positions == ProtocolTraits::Positions::carried;
}
bool takes_one_position_for_bare(const ProtocolTraits& traits) {
    return traits.positions == ProtocolTraits::Positions::one_is_bare;
}

bool carries_metadata(const ProtocolTraits& traits) {
    return std::ranges::any_of(endpoint::protocols(), [&](const auto* protocol) {
        return protocol->name == traits.name && protocol->metadata.asked;
    });
}
bool refuses_metadata(const ProtocolTraits& traits) {
    return !carries_metadata(traits);
}

bool carries_parts(const ProtocolTraits& traits) {
    return std::ranges::any_of(endpoint::protocols(), [&](const auto* protocol) {
        return protocol->name == traits.name && protocol->has_parts;
    });
}
bool refuses_parts(const ProtocolTraits& traits) {
    return !carries_parts(traits);
}

bool compresses(const ProtocolTraits& traits) {
    return std::ranges::any_of(endpoint::protocols(), [&](const auto* protocol) {
        return protocol->name == traits.name && protocol->compresses;
    });
}
bool refuses_compression(const ProtocolTraits& traits) {
    return !compresses(traits);
}

bool cancels_calls(const ProtocolTraits& traits) {
    return traits.cancels == ProtocolTraits::Cancels::calls;
}
bool notices_clients(const ProtocolTraits& traits) {
    return traits.cancels != ProtocolTraits::Cancels::nothing;
}

/// What a function that calls by types comes to.
template <typename Function>
std::string attempt(Function function) {
    try {
        return function();
    } catch (const Error& error) {
        return line_of(error.failure());
    }
}

std::string slept(Scene& scene) {
    const auto outcome =
        Started{scene.client("sleep"), "sleep", Dynamic::map({{"seconds", 0}})}.wait();
    return outcome ? (outcome->value().find("seconds") != nullptr ? "ok" : "ok, but says no time")
                   : line_of(outcome.error());
}

std::string answer_with_words(Scene& scene) {
    return attempt([&] {
        const Reply<Dynamic> reply =
            scene.client("answer_with_words").call_for_reply("answer_with_words", Dynamic::map({}));
        return reply.message + ' ' + json_of(reply.data.value_or(Dynamic{}));
    });
}

std::string respond_alone(Scene& scene) {
    return scene.call("answer_with_words", "{}");
}

std::string decline(Scene& scene) {
    return attempt([&] {
        const Reply<Dynamic> reply =
            scene.client("decline").call_for_reply("decline", Dynamic::map({}));
        return std::string{reply.success ? "success \"" : "no success \""} + reply.message + "\" " +
               json_of(reply.data.value_or(Dynamic{}));
    });
}

std::string note_taken(Scene& scene) {
    return attempt([&] {
        scene.client("take_note").call<take_note>({.text = "x"});
        return "taken";
    });
}

std::string described(Scene& scene) {
    const std::string said = attempt([&] {
        return json_of(
            scene.client("describe_call")
                .call("describe_call", Dynamic::map({}),
                      {.idempotency_key = "order 7",
                       .traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                       .tracestate = "a=1",
                       .baggage = "b=2",
                       .contract = "c",
                       .priority = 3}));
    });
    return said.starts_with("invalid_request \"Not sent: ") ? "refused" : said;
}

std::string typed(Scene& scene) {
    return attempt([&] {
        const Verdict verdict =
            scene.client("dx_example").call<dx_example>({.favourite_food = Food::orange});
        return std::string{verdict.tolerable ? "tolerable" : "not tolerable"};
    });
}

std::string refused_locally(Scene& scene) {
    return attempt([&] {
        scene.client("dx_example")
            .call<dx_example>({.favourite_food = Food::orange, .chance_percentage = 0});
        return "sent";
    });
}

std::string misread(Scene& scene) {
    return attempt([&] {
        scene.client("dx_example").call<misunderstood>({.favourite_food = Food::orange});
        return "taken for something else";
    });
}

/// Texts know one word for it and for wrong credentials.
std::string forbidden(Scene& scene) {
    const auto outcome = Started{scene.client("forbidden"), "forbidden", Dynamic::map({})}.wait();
    const bool is_text = scene.traits().failures == ProtocolTraits::Failures::texts;
    return outcome ? "allowed"
           : outcome.error().code == (is_text ? Code::unauthenticated : Code::permission_denied)
               ? "denied"
               : line_of(outcome.error());
}

std::string positions(Scene& scene) {
    return scene.call("add", "[2,40]");
}

/// The refusal names the protocol.
std::string refused_positions(Scene& scene) {
    std::string line = positions(scene);
    const std::string name = std::string{scene.traits().name} + ' ';
    if (const std::size_t at = line.find(name); at != std::string::npos) {
        line.erase(at, name.size());
    }
    return line;
}

std::string one_position(Scene& scene) {
    return scene.call("echo", "[7]");
}

std::string bare(Scene& scene) {
    return scene.call("echo", "7");
}

std::string unlock_typed(Scene& scene) {
    return attempt([&] {
        return scene.client("unlock", Key::first)
            .call<unlock>({.passphrase = Secret<std::string>{"sesame"}});
    });
}

std::string unlock_position_clear(Scene& scene) {
    return scene.call("unlock", R"(["sesame"])");
}

std::string sleep_beyond(Scene& scene) {
    return attempt([&] {
        scene.client("sleep").call("sleep", Dynamic::map({{"seconds", 3600}}),
                                   {.timeout = std::chrono::milliseconds{150}});
        return "slept";
    });
}

Started hold(Scene& scene, std::string_view method, std::string_view key, std::string_view name) {
    return {scene.client(method), method, Dynamic::map({{"key", key}, {"name", name}})};
}

std::string cancel(Scene& scene) {
    Stage& stage = scene.stage();
    Started call = hold(scene, "hold", "", "given up");
    if (!stage.await_in("given up")) {
        return "it never ran";
    }
    call.cancel();
    std::string line = line_of(call.wait());
    stage.let_go("given up");
    return stage.await_out("given up") ? line : "it never ended";
}

std::string cancel_heeded(Scene& scene) {
    Stage& stage = scene.stage();
    stage.take_history();
    Started call = hold(scene, "heed", "a", "called");
    if (!stage.await_in("called")) {
        return "it never ran";
    }
    call.cancel();
    const std::string line = line_of(call.wait());
    return stage.await_out("called") ? line + ", " + stage.take_history() : "it heard nothing";
}

std::string end_client(Scene& scene) {
    Stage& stage = scene.stage();
    stage.take_history();
    Started call{scene.client("heed", Key::second), "heed",
                 Dynamic::map({{"key", "a"}, {"name", "left"}})};
    if (!stage.await_in("left")) {
        return "it never ran";
    }
    scene.end_client("heed", Key::second);
    const std::string line = line_of(call.wait());
    return stage.await_out("left") ? line + ", " + stage.take_history() : "it heard nothing";
}

/// One that came after it is there, so it is, too; and one that was cancelled after it has stopped.
std::string cancel_waiting(Scene& scene) {
    Stage& stage = scene.stage();
    stage.take_history();
    Started first = hold(scene, "heed", "a", "first");
    bool all_well = stage.await_in("first");
    Started second = hold(scene, "heed", "a", "second");
    Started witness = hold(scene, "heed", "b", "witness");
    all_well = all_well && stage.await_in("witness");
    second.cancel();
    std::string line = line_of(second.wait());
    witness.cancel();
    all_well = all_well && stage.await_out("witness");
    witness.wait();
    stage.let_go("first");
    first.wait();
    Started third = hold(scene, "heed", "a", "third");
    all_well = all_well && stage.await_in("third");
    stage.let_go("third");
    third.wait();
    line += ", " + stage.take_history();
    return all_well ? line : "somebody never ran: " + line;
}

/// in  key: of the client, and no matter otherwise
std::expected<Dynamic, Failure> send_body(Scene& scene, std::size_t bytes, Key key = Key::none) {
    const std::string text(bytes - scene.traits().text_frame_bytes, 'x');
    const Dynamic arguments = scene.arguments_of("length", Dynamic::map({{"value", text}}));
    return Started{scene.client("length", key), "length", arguments}.wait();
}

std::string body_at_limit(Scene& scene) {
    const std::string line = line_of(send_body(scene, Scene::body_bytes_max));
    const std::string expected =
        "ok " + std::to_string(Scene::body_bytes_max - scene.traits().text_frame_bytes);
    return line == expected ? "arrives whole" : line;
}

std::string body_over_limit(Scene& scene) {
    return line_of(send_body(scene, Scene::body_bytes_max + 1));
}

/// By a client of its own, as the connection may end. A server that has not read a message to its
/// end knows no more of it than its length, and cannot sign the response.
std::string body_over_limit_of_reader(Scene& scene) {
    const auto outcome = send_body(scene, Scene::body_bytes_max + 1, Key::first);
    const std::string shown = outcome ? line_of(outcome) : to_string(outcome.error());
    const std::string limit = "more than " + std::to_string(Scene::body_bytes_max) + " bytes";
    return shown.contains(limit) ? "refused" : shown;
}

/// What happens while calls come in that one of two keys or methods keeps apart.
std::string watch(Scene& scene, std::string_view method, std::string_view other_method) {
    Stage& stage = scene.stage();
    const std::string prefix{method};
    const auto named = [&](const char* name) { return prefix + name; };
    Started first = hold(scene, method, "1", named(".first"));
    if (!stage.await_in(named(".first"))) {
        return "the first never ran";
    }
    stage.take_history();
    const bool keeps_order = scene.traits().order == ProtocolTraits::Order::kept;
    std::optional<Started> third;
    Started second = hold(scene, method, "1", named(".second"));
    if (keeps_order) {
        third = hold(scene, method, "1", named(".third"));
    }
    Started other = hold(scene, other_method, "2", named(".other"));
    bool in_order = stage.await_in(named(".other"));
    stage.let_go(named(".first"));
    in_order = in_order && stage.await_in(named(".second"));
    if (!keeps_order) {
        third = hold(scene, method, "1", named(".third"));
    }
    stage.let_go(named(".second"));
    in_order = in_order && stage.await_in(named(".third"));
    stage.let_go(named(".third"));
    first.wait();
    second.wait();
    third->wait();
    stage.let_go(named(".other"));
    const std::string last = line_of(other.wait());
    const std::string line = stage.take_history() + ", " + last;
    return in_order ? line : "somebody never ran: " + line;
}

std::string lock_order(Scene& scene) {
    return watch(scene, "hold_key", "hold_key");
}

std::string alone(Scene& scene) {
    return watch(scene, "hold_alone", "hold");
}

std::string all_at_once(Scene& scene) {
    Stage& stage = scene.stage();
    std::vector<Started> calls;
    bool all_in = true;
    for (const char* name : {"x", "y", "z"}) {
        calls.push_back(hold(scene, "hold", "1", name));
    }
    for (const char* name : {"x", "y", "z"}) {
        all_in = stage.await_in(name) && all_in;
    }
    for (const char* name : {"x", "y", "z"}) {
        stage.let_go(name);
    }
    std::string line = all_in ? "all in" : "not all in";
    for (Started& call : calls) {
        line += ", " + line_of(call.wait());
    }
    stage.take_history();
    return line;
}

/// in  told: takes each part
std::string count_up_to(Scene& scene, const Count& request, std::string& told) {
    return attempt([&] {
        auto numbers = scene.client_of_warren("count_up").stream<count_up>(request);
        for (const int number : numbers) {
            told += std::to_string(number) + ", ";
        }
        return "ok " + std::to_string(numbers.response());
    });
}

std::string parts(Scene& scene) {
    std::string told;
    const std::string last = count_up_to(scene, {.count = 3}, told);
    return told + last;
}

std::string parts_then_failure(Scene& scene) {
    std::string told;
    const std::string last = count_up_to(scene, {.count = 2, .fails = true}, told);
    return told == "0, 1, " ? last : told + last;
}

std::string refused_parts(Scene& scene) {
    const std::string line = parts(scene);
    return line.starts_with("invalid_request \"Not sent: the call takes parts") ? "refused" : line;
}

/// The handler waits until what it told has come.
std::string progress(Scene& scene) {
    return attempt([&] {
        std::string told;
        const Dynamic result = scene.client_of_warren("tell").call(
            "tell", Dynamic::map({{"key", "it"}, {"name", "teller"}}),
            {.on_progress =
                 [&](const Progress& progress) {
                     told = std::to_string(static_cast<int>(progress.fraction.value_or(0) * 100)) +
                            " % \"" + progress.text + "\" " + json_of(progress.data) + ", ";
                     scene.stage().let_go("teller");
                 },
             .heartbeat = std::chrono::seconds{10}});
        scene.stage().take_history();
        return told + "ok " + json_of(result);
    });
}

/// Brokers know of a missing server, not of a missing method: who says so depends on the protocol.
std::string unserved(std::expected<Dynamic, Failure> outcome) {
    const bool is_unserved = !outcome && (outcome.error().code == Code::no_responder ||
                                          outcome.error().code == Code::no_such_method);
    return is_unserved ? "no_responder or no_such_method" : line_of(outcome);
}

std::string said(const std::expected<Verdict, Failure>& outcome) {
    return outcome ? (outcome->tolerable ? "tolerable" : "not tolerable")
                   : std::string{name_of(outcome.error().code)};
}

std::string all_of_a_batch(Scene& scene) {
    const std::vector<Taste> tastes{{.favourite_food = Food::onion},
                                    {.favourite_food = Food::banana},
                                    {.favourite_food = Food::orange, .chance_percentage = 0}};
    return attempt([&] {
        std::string all;
        for (const auto& outcome : call_all<dx_example>(scene.client("dx_example"), tastes).get()) {
            all.append(all.empty() ? "" : ", ").append(said(outcome));
        }
        return all;
    });
}

std::string any_of_a_batch(Scene& scene) {
    const std::vector<Taste> tastes{{.favourite_food = Food::banana, .chance_percentage = 0},
                                    {.favourite_food = Food::orange}};
    return attempt(
        [&] { return said(call_any<dx_example>(scene.client("dx_example"), tastes).get()); });
}

std::string compressed(Scene& scene) {
    // More than is worth it, and less than a tenth once it is compressed.
    const std::string text(Scene::body_bytes_max / 2, 'w');
    return attempt([&] {
        Client& client = scene.client_of_warren("echo", "compress=zstd");
        const Dynamic value =
            client.call("echo", scene.arguments_of("echo", Dynamic::map({{"value", text}})));
        return value == Dynamic{text} ? "comes back" : "comes back as something else";
    });
}

std::string compression_refused(Scene& scene) {
    try {
        scene.client_of_warren("echo", "compress=zstd");
        return "taken";
    } catch (const Error& error) {
        return error.code() == Code::invalid_request ? "refused" : line_of(error.failure());
    }
}

std::string no_method(Scene& scene) {
    return unserved(Started{scene.client("missing"), "missing", Dynamic::map({})}.wait());
}

std::string no_queue(Scene& scene) {
    return unserved(Started{scene.client_of_nobody(), "echo", Dynamic::map({})}.wait());
}

std::string still_there(Scene& scene) {
    return scene.call("echo", R"({"value":"here"})");
}

constexpr auto all = std::to_array<Step>({
    // Every example method.
    {R"(dx_example {"favourite_food":"onion","chance_percentage":19})",
     [](Scene& scene) {
         return scene.call("dx_example", R"({"favourite_food":"onion","chance_percentage":19})");
     }},
    {R"(dx_example {"favourite_food":"onion"})",
     [](Scene& scene) { return scene.call("dx_example", R"({"favourite_food":"onion"})"); }},
    {R"(dx_example {"favourite_food":"banana","chance_percentage":90})",
     [](Scene& scene) {
         return scene.call("dx_example", R"({"favourite_food":"banana","chance_percentage":90})");
     }},
    {R"(fibonacci {"n":0})", [](Scene& scene) { return scene.call("fibonacci", R"({"n":0})"); }},
    {R"(fibonacci {"n":93})", [](Scene& scene) { return scene.call("fibonacci", R"({"n":93})"); }},
    {R"(fibonacci {"n":94})", [](Scene& scene) { return scene.call("fibonacci", R"({"n":94})"); }},
    {R"(echo {"value":null})",
     [](Scene& scene) { return scene.call("echo", R"({"value":null})"); }},
    {R"(echo {"value":true})",
     [](Scene& scene) { return scene.call("echo", R"({"value":true})"); }},
    {R"(echo {"value":-9223372036854775808})",
     [](Scene& scene) { return scene.call("echo", R"({"value":-9223372036854775808})"); }},
    {R"(echo {"value":18446744073709551615})",
     [](Scene& scene) { return scene.call("echo", R"({"value":18446744073709551615})"); }},
    {R"(echo {"value":0.1})", [](Scene& scene) { return scene.call("echo", R"({"value":0.1})"); }},
    {R"(echo {"value":"gr\u00fcn \ud83e\udd55"})",
     [](Scene& scene) { return scene.call("echo", R"({"value":"gr\u00fcn \ud83e\udd55"})"); }},
    {R"(echo {"value":[1,[2,[]],{}]})",
     [](Scene& scene) { return scene.call("echo", R"({"value":[1,[2,[]],{}]})"); }},
    {R"(echo {"value":{"a":{"b":null}}})",
     [](Scene& scene) { return scene.call("echo", R"({"value":{"a":{"b":null}}})"); }},
    {R"(add {"a":2,"b":40})", [](Scene& scene) { return scene.call("add", R"({"a":2,"b":40})"); }},
    {R"(add {"a":2,"b":0.5})",
     [](Scene& scene) { return scene.call("add", R"({"a":2,"b":0.5})"); }},
    {R"(add {"a":9223372036854775807,"b":1})",
     [](Scene& scene) { return scene.call("add", R"({"a":9223372036854775807,"b":1})"); }},
    {R"(add {"a":"2","b":[]})",
     [](Scene& scene) { return scene.call("add", R"({"a":"2","b":[]})"); }},
    {R"(fail {"message":"as told"})",
     [](Scene& scene) { return scene.call("fail", R"({"message":"as told"})"); }},
    {R"(SimpleCommand {"param1":"a","param2":"b"})",
     [](Scene& scene) { return scene.call("SimpleCommand", R"({"param1":"a","param2":"b"})"); }},
    {R"(SimpleCommand {"param2":"b"})",
     [](Scene& scene) { return scene.call("SimpleCommand", R"({"param2":"b"})"); }},
    {R"(SimpleCommand {})", [](Scene& scene) { return scene.call("SimpleCommand", R"({})"); }},
    {"sleep {\"seconds\":0}", slept},
    // What is wrong with a request: all of it, and where.
    {R"(dx_example {})", [](Scene& scene) { return scene.call("dx_example", R"({})"); }},
    {R"(dx_example {"favourite_food":"potato","chance_percentage":0})",
     [](Scene& scene) {
         return scene.call("dx_example", R"({"favourite_food":"potato","chance_percentage":0})");
     }},
    {R"(dx_example {"favourite_food":7,"chance_percentage":"many"})",
     [](Scene& scene) {
         return scene.call("dx_example", R"({"favourite_food":7,"chance_percentage":"many"})");
     }},
    {R"(dx_example {"favourite_food":"orange","unknown":1})",
     [](Scene& scene) {
         return scene.call("dx_example", R"({"favourite_food":"orange","unknown":1})");
     }},
    {R"(count_lines {"lines":[{"text":"a","number":1},{"text":"b","number":2}]})",
     [](Scene& scene) {
         return scene.call("count_lines",
                           R"({"lines":[{"text":"a","number":1},{"text":"b","number":2}]})");
     }},
    {R"(count_lines {"lines":[{"text":"","number":0},{"number":1},7],"extra":true})",
     [](Scene& scene) {
         return scene.call("count_lines",
                           R"({"lines":[{"text":"","number":0},{"number":1},7],"extra":true})");
     }},
    {R"(count_lines {"lines":[{},{},{},{}]})",
     [](Scene& scene) { return scene.call("count_lines", R"({"lines":[{},{},{},{}]})"); }},
    // What a handler may do.
    {"answer_with_words, with its words", answer_with_words, carries_messages},
    {"answer_with_words, its data alone", respond_alone},
    {"decline, as a reply", decline},
    {R"(decline {})", [](Scene& scene) { return scene.call("decline", R"({})"); }},
    {R"(fail_with_data {})", [](Scene& scene) { return scene.call("fail_with_data", R"({})"); }},
    {"forbidden {}, which nobody may call", forbidden},
    {R"(claim_a_code {})", [](Scene& scene) { return scene.call("claim_a_code", R"({})"); }},
    {R"(claim_what_is_not_its_own {})",
     [](Scene& scene) { return scene.call("claim_what_is_not_its_own", R"({})"); }},
    {R"(break_down {})", [](Scene& scene) { return scene.call("break_down", R"({})"); }},
    {R"(throw_a_number {})", [](Scene& scene) { return scene.call("throw_a_number", R"({})"); }},
    {R"(exceed {})", [](Scene& scene) { return scene.call("exceed", R"({})"); }},
    {"take_note by its contract, which answers nothing", note_taken},
    {R"(take_note {"text":"x"})",
     [](Scene& scene) { return scene.call("take_note", R"({"text":"x"})"); }},
    // What a call says of itself.
    {"describe_call, with all that is carried", described, carries_metadata},
    {"describe_call, where nothing is carried", described, refuses_metadata},
    // Contracts that the client knows.
    {"dx_example by its contract", typed},
    {"dx_example against its contract", refused_locally},
    {"dx_example by another contract", misread},
    // Arguments by position.
    {"add [2,40]", positions, carries_positions},
    {"echo [7]", one_position, carries_positions},
    {"echo 7", bare, carries_positions},
    {"add [2,40] is refused", refused_positions, refuses_positions},
    // Secrets.
    {R"(unlock, encrypted with the first key)",
     [](Scene& scene) { return scene.call("unlock", R"({"passphrase":"sesame"})", Key::first); }},
    {R"(unlock, encrypted with the second key)",
     [](Scene& scene) { return scene.call("unlock", R"({"passphrase":"sesame"})", Key::second); }},
    {R"(unlock, encrypted with a key that nobody knows)",
     [](Scene& scene) { return scene.call("unlock", R"({"passphrase":"sesame"})", Key::unknown); }},
    {R"(unlock, in clear)",
     [](Scene& scene) { return scene.call("unlock", R"({"passphrase":"sesame"})"); }},
    {"unlock by its contract", unlock_typed},
    {"unlock by position, in clear", unlock_position_clear, tells_one_position},
    {"unlock by position, which is bare, in clear", unlock_position_clear,
     takes_one_position_for_bare},
    // How long and how large.
    {"sleep beyond the deadline", sleep_beyond},
    {"give up a call that runs", cancel},
    {"give up a call whose handler heeds it", cancel_heeded, cancels_calls},
    {"give up a call that waits for its turn", cancel_waiting, cancels_calls},
    {"end a client whose call runs", end_client, notices_clients},
    {"a body of as many bytes as may be", body_at_limit},
    {"a body of one byte more", body_over_limit, refuses_alone},
    {"a body of one byte more, whose reader refuses it", body_over_limit_of_reader,
     refuses_when_read},
    {"a body of one byte more, which ends its connection", body_over_limit_of_reader,
     refuses_and_ends},
    {"echo of a large text, compressed", compressed, compresses},
    {"compression, where it cannot be said", compression_refused, refuses_compression},
    // Many calls together.
    {"dx_example three times, all of them", all_of_a_batch},
    {"dx_example twice, the first success", any_of_a_batch},
    // A handler that calls its own server, and holds no thread.
    {R"(relay {"value":"x"})",
     [](Scene& scene) { return scene.call("relay", R"({"value":"x"})"); }},
    {R"(relay_failure {"message":"No onions"})",
     [](Scene& scene) { return scene.call("relay_failure", R"({"message":"No onions"})"); }},
    // Before the response.
    {"count_up to 3, each part", parts, carries_parts},
    {"count_up to 2, each part, and then its failure", parts_then_failure, carries_parts},
    {"count_up, where no parts are carried", refused_parts, refuses_parts},
    {R"(count_up {"count":3,"fails":false}, its response alone)",
     [](Scene& scene) { return scene.call("count_up", R"({"count":3,"fails":false})"); }},
    {"tell, its progress", progress, carries_parts},
    // Who waits for whom.
    {"hold_key: one after the other, another key at once", lock_order},
    {"hold_alone: one after the other, another method at once", alone},
    {"hold: all at once", all_at_once},
    // Nobody there.
    {"a method that nobody serves", no_method},
    {"a place that nobody has", no_queue},
    {"and the server still serves", still_there},
});

}  // namespace

std::span<const Step> steps() {
    return all;
}

}  // namespace warren::conformance
