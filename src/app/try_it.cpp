#include "app/try_it.hpp"

#include <warren/arena.hpp>

#include "app/try_secrets.hpp"
#include "core/utf8.hpp"
#include "format/json/json.hpp"

#include <algorithm>
#include <limits>
#include <system_error>
#include <utility>

namespace warren::app {
namespace {

using transport::HttpServerRequest;
using transport::HttpServerResponse;

constexpr std::chrono::minutes rate_period{1};
constexpr format::JsonLimits request_limits{.value_count_max = 100'000};

HttpServerResponse json_response(std::string text, unsigned status = 200) {
    return {.status = status, .content_type = "application/json", .body = std::move(text) + '\n'};
}

HttpServerResponse refused_response(const TryGuard::Refusal& refusal) {
    return json_response(Dynamic::map({{"refused", refusal.reason}}).to_json(), refusal.status);
}

std::unexpected<TryGuard::Refusal> bad_request(std::string reason) {
    return std::unexpected{TryGuard::Refusal{400, std::move(reason)}};
}

Dynamic fields_of(const Failure& failure, const SecretMask& mask) {
    Dynamic fields = Dynamic::list({});
    for (const FieldError& error : failure.errors) {
        Dynamic path = Dynamic::list({});
        for (const PathStep& step : error.location) {
            std::visit([&path](const auto& shown) { path.push_back(shown); },
                       mask.masked_step(step));
        }
        fields.push_back(Dynamic::map({{"path", path},
                                       {"message", mask.masked_text(error.message)},
                                       {"type", mask.masked_text(error.type)}}));
    }
    return fields;
}

/// What may be of any type.
Dynamic masked_data(const SecretMask& mask, const Dynamic& data, const contract::DataType& type) {
    Arena arena;
    return Dynamic{mask.masked(type, data.value(), arena)};
}

Dynamic of_failure(const TryCall& call, const Failure& failure, const SecretMask& mask) {
    Dynamic told = Dynamic::map({{"code", name_of(failure.code)},
                                 {"message", mask.masked_text(failure.message)},
                                 {"fields", fields_of(failure, mask)}});
    if (!failure.data.value().is_null()) {
        const auto declared =
            std::ranges::find(call.method.failures, failure.code, &contract::FailureDocument::code);
        const bool is_known = declared != call.method.failures.end() && declared->data;
        told.insert_or_assign(
            "data",
            masked_data(mask, failure.data, is_known ? *declared->data : contract::DataType{}));
    }
    if (!failure.peer_text.empty()) {
        told.insert_or_assign("says", mask.masked_text(failure.peer_text));
    }
    if (failure.retry_after) {
        told.insert_or_assign("retry_after_ms", failure.retry_after->count());
    }
    return told;
}

Dynamic of_reply(const TryCall& call, const TryReply& reply, const SecretMask& mask) {
    Dynamic told =
        Dynamic::map({{"result", masked_data(mask, reply.response, call.method.response)}});
    if (call.method.part) {
        Dynamic parts = Dynamic::list({});
        for (const Dynamic& part : reply.parts) {
            parts.push_back(masked_data(mask, part, *call.method.part));
        }
        told.insert_or_assign("parts", parts);
        told.insert_or_assign("has_more_parts", reply.has_more_parts);
    }
    if (!reply.message.empty()) {
        told.insert_or_assign("message", mask.masked_text(reply.message));
    }
    return told;
}

/// As JSON that any browser reads, or what to say instead.
std::string told_in_json(Dynamic told, double seconds) {
    told.insert_or_assign("seconds", seconds);
    std::string text;
    if (!format::json_encode(told.value(), text,
                             {.depth_max = std::numeric_limits<std::size_t>::max()})) {
        return Dynamic::map({{"code", name_of(Code::internal)},
                             {"message", "The reply has no form in JSON, as with NaN"},
                             {"seconds", seconds}})
            .to_json();
    }
    return text;
}

}  // namespace

TryIt::TryIt(Options options)
    : options_{std::move(options)},
      guard_{{.hosts = options_.public_hosts}},
      workers_(options_.calls_at_once_max) {}

void TryIt::publish(std::shared_ptr<const contract::Document> document) {
    const std::lock_guard lock{mutex_};
    document_ = std::move(document);
}

HttpServerResponse TryIt::give_token(const HttpServerRequest& request) {
    const auto token = guard_.give_token(request.header, options_.now());
    return token ? json_response(Dynamic::map({{"token", *token}}).to_json())
                 : refused_response(token.error());
}

void TryIt::call(const HttpServerRequest& request, transport::HttpResponder responder) {
    if (request.path != path) {
        return responder.respond({.status = 405,
                                  .headers = {{"Allow", "GET, HEAD"}},
                                  .body = "Only GET and HEAD are known here\n"});
    }
    auto asked = read(request);
    if (!asked) {
        return responder.respond(refused_response(asked.error()));
    }
    const auto worker =
        std::ranges::find_if(workers_, [](const Worker& each) { return each.is_free.load(); });
    if (worker == workers_.end()) {
        return responder.respond(refused_response(
            {503, "Only " + std::to_string(workers_.size()) +
                      " calls are made at once: wait until one of them has ended"}));
    }
    worker->is_free = false;
    try {
        worker->thread = std::jthread{[this, &is_free = worker->is_free, asked = std::move(*asked),
                                       gone = request.gone,
                                       to = std::move(responder)](std::stop_token ends) mutable {
            std::stop_source stop;
            const auto request_stop = [&stop] { stop.request_stop(); };
            const std::stop_callback at_end{std::move(ends), request_stop};
            const std::stop_callback when_gone{std::move(gone), request_stop};
            std::string outcome = outcome_of(asked, stop.get_token());
            is_free = true;  // before anybody could know that the call has ended
            to.respond(json_response(std::move(outcome)));
        }};
    } catch (const std::system_error&) {
        worker->is_free = true;  // the responder has gone, and said so
    }
}

TryGuard::Guarded<TryIt::Asked> TryIt::read(const HttpServerRequest& request) {
    if (auto admitted = guard_.admit(request.header, options_.now()); !admitted) {
        return std::unexpected{std::move(admitted.error())};
    }
    if (auto counted = count_call(); !counted) {
        return std::unexpected{std::move(counted.error())};
    }
    Arena arena;
    const auto body = format::json_decode(request.body, arena, request_limits);
    if (!body) {
        return bad_request("The body is no JSON: " + body.error().message);
    }
    const Value* const method = body->is_map() ? body->find("method") : nullptr;
    if (method == nullptr || !method->is_text()) {
        return bad_request(R"(The body is to be {"method": NAME, "request": REQUEST})");
    }
    Asked asked;
    {
        const std::lock_guard lock{mutex_};
        asked.document = document_;
    }
    asked.method =
        asked.document == nullptr ? nullptr : asked.document->find_method(method->as_text());
    if (asked.method == nullptr) {
        return std::unexpected{TryGuard::Refusal{
            404, "There is no method '" + core::text_for_display(method->as_text(), 200) +
                     "': load the page again if there was"}};
    }
    if (const Value* const given = body->find("request")) {
        asked.request = Dynamic{*given};
    }
    return asked;
}

TryGuard::Guarded<void> TryIt::count_call() {
    const auto now = options_.now();
    while (!calls_.empty() && calls_.front() + rate_period <= now) {
        calls_.pop_front();
    }
    if (calls_.size() >= options_.calls_per_minute_max) {
        return std::unexpected{
            TryGuard::Refusal{429, "Only " + std::to_string(options_.calls_per_minute_max) +
                                       " calls are made in a minute: wait a little"}};
    }
    calls_.push_back(now);
    return {};
}

std::string TryIt::outcome_of(const Asked& asked, std::stop_token stop) const {
    const SecretMask mask{*asked.document, asked.method->request, asked.request.value()};
    const TryCall call{.document = *asked.document,
                       .method = *asked.method,
                       .request = asked.request,
                       .timeout = options_.timeout,
                       .stop = std::move(stop)};
    const auto start = std::chrono::steady_clock::now();
    const auto seconds = [start] {
        return std::chrono::duration<double>{std::chrono::steady_clock::now() - start}.count();
    };
    try {
        const TryReply reply = options_.target(call);
        const double spent = seconds();
        return told_in_json(of_reply(call, reply, mask), spent);
    } catch (const Error& error) {
        const double spent = seconds();
        return told_in_json(of_failure(call, error.failure(), mask), spent);
    } catch (const std::exception&) {
        return told_in_json(of_failure(call, {.message = "The call went wrong here"}, mask),
                            seconds());
    }
}

}  // namespace warren::app
