#include <warren/options.hpp>

#include "source/option_class.hpp"
#include "source/options.hpp"

namespace warren::python {

template <>
struct OptionNames<ReplyMode> {
    static constexpr std::pair<ReplyMode, const char*> all[] = {{ReplyMode::exclusive, "exclusive"},
                                                                {ReplyMode::direct, "direct"},
                                                                {ReplyMode::durable, "durable"}};
};
template <>
struct OptionNames<WhenBlocked> {
    static constexpr std::pair<WhenBlocked, const char*> all[] = {{WhenBlocked::wait, "wait"},
                                                                  {WhenBlocked::fail, "fail"}};
};
template <>
struct OptionNames<WhenAbsent> {
    static constexpr std::pair<WhenAbsent, const char*> all[] = {{WhenAbsent::wait, "wait"},
                                                                 {WhenAbsent::fail, "fail"}};
};
template <>
struct OptionNames<ClientMetrics> {
    static constexpr std::pair<ClientMetrics, const char*> all[] = {
        {ClientMetrics::none, "none"},
        {ClientMetrics::warren, "warren"},
        {ClientMetrics::warren_and_arrpc, "warren_and_arrpc"}};
};

void add_client_options(py::module_& module) {
    OptionClass<ClientOptions>{
        module, "ClientOptions",
        "The settings of a client. Durations are seconds or timedelta. What its address also "
        "names, the address decides."}
        .option("fernet_keys", &ClientOptions::fernet_keys)
        .option("nested_secrets", &ClientOptions::nested_secrets)
        .option("timeout", &ClientOptions::timeout)
        .option("in_flight_max", &ClientOptions::in_flight_max)
        .option("body_bytes_max", &ClientOptions::body_bytes_max)
        .option("nesting_depth_max", &ClientOptions::nesting_depth_max)
        .option("value_count_max", &ClientOptions::value_count_max)
        .choice("reply_mode", &ClientOptions::reply_mode)
        .option("reply_queue", &ClientOptions::reply_queue)
        .choice("when_blocked", &ClientOptions::when_blocked)
        .option("persistent", &ClientOptions::persistent)
        .choice("when_absent", &ClientOptions::when_absent)
        .choice("metrics", &ClientOptions::metrics)
        .option("tells_contract", &ClientOptions::tells_contract)
        .log(&ClientOptions::log)
        .option("retries_max", &ClientOptions::retries_max)
        .option("auth_secrets", &ClientOptions::auth_secrets)
        .option("connect_attempts", &ClientOptions::connect_attempts)
        .option("connect_pause", &ClientOptions::connect_pause)
        .option("connections_max", &ClientOptions::connections_max)
        .option("spin_max", &ClientOptions::spin_max);

    OptionClass<CallOptions>{module, "CallOptions",
                             "The settings of one call. Durations are seconds or timedelta."}
        .option("timeout", &CallOptions::timeout)
        .option("server", &CallOptions::server)
        .choice("when_blocked", &CallOptions::when_blocked)
        .option("idempotent", &CallOptions::idempotent)
        .option("heartbeat", &CallOptions::heartbeat)
        .option("parts_window", &CallOptions::parts_window)
        .option("idempotency_key", &CallOptions::idempotency_key)
        .option("traceparent", &CallOptions::traceparent)
        .option("tracestate", &CallOptions::tracestate)
        .option("baggage", &CallOptions::baggage)
        .option("contract", &CallOptions::contract)
        .option("priority", &CallOptions::priority);
}

}  // namespace warren::python
