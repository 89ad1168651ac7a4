#include <warren/call_log.hpp>

#include "core/utf8.hpp"
#include "endpoint/call_log/call_log_id.hpp"
#include "endpoint/call_log/call_log_implementation.hpp"
#include "format/json/json.hpp"

#include <unistd.h>

#include <any>
#include <array>
#include <new>
#include <string>
#include <string_view>
#include <utility>

namespace warren {
namespace {

constexpr std::string_view requests_path = "/rpc-requests";
constexpr std::string_view responses_path = "/rpc-responses";

std::string own_host_name() {
    std::array<char, 256> name{};
    static_cast<void>(::gethostname(name.data(), name.size() - 1));
    return name.data();
}

void append_text(std::string& json, std::string_view member, std::string_view text) {
    json.append(",\"").append(member).append("\":");
    if (core::utf8_valid(text)) {
        format::json_append_string(json, text);
    } else {
        format::json_append_string(json, core::text_for_display(text));
    }
}

/// What is known of a call between its beginning and its end.
struct RecordedCall {
    std::string id;
    bool is_told = false;  // its request waits to be sent, or was
};

class CallRecorder final : public ServerInterceptor {
public:
    explicit CallRecorder(std::shared_ptr<CallLog> log) : log_{std::move(log)} {}

    bool reads_content() const noexcept override { return true; }

    /// Without memory for what is told of a call, the call goes on.
    std::optional<Failure> begin(CallAtServer& call) override {
        try {
            call.state = tell_of_request(call);
        } catch (const std::bad_alloc&) {
            log_->implementation().add_dropped();
            call.state = RecordedCall{};
        }
        return std::nullopt;
    }

    void end(const CallAtServer& call, const CallEnd& end) override {
        if (end.comes_again) {
            return;  // its response is another attempt's
        }
        const auto* const begun = std::any_cast<RecordedCall>(&call.state);
        const RecordedCall recorded = begun != nullptr ? *begun : tell_of_request(call);
        CallLog::Implementation& log = log_->implementation();
        if (!recorded.is_told) {
            return log.add_dropped();  // nobody would know what it answers
        }
        std::string body = "{\"correlation_id\":\"" + recorded.id + "\",\"response_payload\":" +
                           call.content->response(log.payload_bytes_max());
        if (const std::string failure = call.content->failure(); !failure.empty()) {
            append_text(body, "traceback", failure);
        } else {
            body += ",\"traceback\":null";
        }
        body += '}';
        log.add(recorded.id, {.path = responses_path,
                              .body = std::move(body),
                              .may_be_there = call.context.attempt > 1});
    }

private:
    RecordedCall tell_of_request(const CallAtServer& call) const {
        CallLog::Implementation& log = log_->implementation();
        const Context& context = call.context;
        RecordedCall recorded{.id = context.correlation_id.empty()
                                        ? endpoint::fresh_call_log_id()
                                        : endpoint::call_log_id(context.correlation_id)};
        const CallPlace& place = *call.place;
        std::string body = "{\"correlation_id\":\"" + recorded.id + "\",\"request_payload\":" +
                           call.content->request(log.payload_bytes_max());
        append_text(body, "virtual_host_name",
                    place.virtual_host.empty() ? place.address : place.virtual_host);
        append_text(body, "queue_name", place.queue);
        append_text(body, "rabbitmq_username", place.user);
        append_text(body, "hostname", host_name_);
        append_text(body, "exchange_name", context.method);
        body += '}';
        recorded.is_told = log.add(
            recorded.id,
            {.path = requests_path, .body = std::move(body), .may_be_there = context.attempt > 1});
        return recorded;
    }

    const std::shared_ptr<CallLog> log_;
    const std::string host_name_ = own_host_name();
};

}  // namespace

std::shared_ptr<ServerInterceptor> server_call_log(std::shared_ptr<CallLog> log) {
    return std::make_shared<CallRecorder>(std::move(log));
}

}  // namespace warren
