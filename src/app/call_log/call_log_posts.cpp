#include "app/call_log/call_log_posts.hpp"

#include <warren/arena.hpp>
#include <warren/types.hpp>

#include "core/utf8.hpp"
#include "core/uuid.hpp"
#include "format/json/json.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <utility>

namespace warren::app {
namespace {

// Twice what a server takes of a call, as one payload is inside of another map.
constexpr std::size_t posted_depth_max = 256;
constexpr std::size_t name_bytes_max = 4'096;

/// No database keeps such a one in a text.
std::string without_nul(std::string_view text) {
    std::string kept{text};
    for (char& character : kept) {
        character = character == '\0' ? ' ' : character;
    }
    return kept;
}

/// Reads the members of a body, and remembers all that is wrong with them.
class Posted {
public:
    explicit Posted(std::string_view body) {
        const auto read = format::json_decode(body, arena_, {.depth_max = posted_depth_max});
        if (!read) {
            fail("", "json_invalid", "The body should be JSON");
        } else if (!read->is_map()) {
            fail("", "model_type", "The body should be an object");
        } else {
            body_ = *read;
        }
    }

    std::string id() {
        const Value* const value = find("correlation_id");
        if (value == nullptr) {
            return {};
        }
        const auto id = value->is_text() ? Uuid::parse(value->as_text()) : std::nullopt;
        if (!id) {
            fail("correlation_id", "uuid_parsing", "Input should be a valid UUID");
        }
        return id ? core::to_string(*id) : std::string{};
    }

    std::string text(std::string_view member) {
        const Value* const value = find(member);
        if (value == nullptr) {
            return {};
        }
        if (!value->is_text() || value->as_text().size() > name_bytes_max) {
            fail(member, "string_type",
                 fmt::format("Input should be a text of at most {} bytes", name_bytes_max));
            return {};
        }
        return without_nul(value->as_text());
    }

    std::string object(std::string_view member) {
        const Value* const value = find(member);
        std::string json;
        if (value != nullptr && !value->is_map()) {
            fail(member, "dict_type", "Input should be an object");
        } else if (value != nullptr &&
                   !format::json_encode(*value, json, {.depth_max = posted_depth_max})) {
            fail(member, "dict_type", "Input should be an object that can be written again");
        }
        return json;
    }

    std::optional<std::string> optional_text(std::string_view member) {
        const Value* const value = find(member);
        if (value == nullptr || value->is_null()) {
            return std::nullopt;
        }
        if (!value->is_text()) {
            fail(member, "string_type", "Input should be a text or null");
            return std::nullopt;
        }
        return without_nul(value->as_text());
    }

    const Value* find(std::string_view member) {
        const Value* const value = body_.find(member);
        if (value == nullptr && body_.is_map()) {
            fail(member, "missing", "Field required");
        }
        return value;
    }

    /// out  empty: nothing is
    std::string wrong() const {
        return problems_.empty() ? std::string{} : "{\"detail\":[" + problems_ + "]}\n";
    }

private:
    void fail(std::string_view member, std::string_view type, std::string_view message) {
        problems_ += problems_.empty() ? "" : ",";
        problems_ += fmt::format(R"({{"type":"{}","loc":["body"{}],"msg":"{}"}})", type,
                                 member.empty() ? "" : fmt::format(",\"{}\"", member), message);
    }

    Arena arena_;
    Value body_{};
    std::string problems_;
};

/// How a call ended, as its response says it.
std::string code_of(const Value& response) {
    constexpr std::size_t code_bytes_max = 64;
    const Value* const success = response.find("success");
    const Value* const code = response.find("code");
    if (code != nullptr && code->is_text() && !code->as_text().empty() &&
        code->as_text().size() <= code_bytes_max) {
        return without_nul(code->as_text());
    }
    const bool is_success =
        success != nullptr && success->kind() == Value::Kind::boolean && success->as_boolean();
    return is_success ? "ok" : "failed";
}

}  // namespace

std::expected<LoggedRequest, std::string> read_logged_request(std::string_view body) {
    Posted posted{body};
    LoggedRequest request{.correlation_id = posted.id(),
                          .virtual_host = posted.text("virtual_host_name"),
                          .queue = posted.text("queue_name"),
                          .user = posted.text("rabbitmq_username"),
                          .host = posted.text("hostname"),
                          .method = posted.text("exchange_name"),
                          .payload = posted.object("request_payload")};
    if (std::string wrong = posted.wrong(); !wrong.empty()) {
        return std::unexpected{std::move(wrong)};
    }
    return request;
}

std::expected<LoggedResponse, std::string> read_logged_response(std::string_view body) {
    Posted posted{body};
    LoggedResponse response{.correlation_id = posted.id(),
                            .payload = posted.object("response_payload"),
                            .traceback = posted.optional_text("traceback")};
    if (std::string wrong = posted.wrong(); !wrong.empty()) {
        return std::unexpected{std::move(wrong)};
    }
    response.code = code_of(*posted.find("response_payload"));
    return response;
}

}  // namespace warren::app
