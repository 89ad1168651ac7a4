#include "transport/memory/fault_script.hpp"

#include <utility>

namespace warren::transport {

FaultScript& FaultScript::at(std::size_t nth, Fault fault) {
    rules_.push_back({.nth = nth, .predicate = {}, .fault = fault, .times = 1});
    return *this;
}

FaultScript& FaultScript::when(Predicate predicate, Fault fault, std::size_t times) {
    rules_.push_back(
        {.nth = {}, .predicate = std::move(predicate), .fault = fault, .times = times});
    return *this;
}

FaultScript& FaultScript::on(Hop hop, Fault fault, std::size_t times) {
    return when([hop](Hop travelled, std::string_view) { return travelled == hop; }, fault, times);
}

std::optional<Fault> FaultScript::next(Hop hop, std::string_view routing_key) {
    const std::size_t message = seen_++;
    for (Rule& rule : rules_) {
        const bool struck = rule.nth ? *rule.nth == message : rule.predicate(hop, routing_key);
        if (struck && rule.times > 0) {
            --rule.times;
            return rule.fault;
        }
    }
    return std::nullopt;
}

}  // namespace warren::transport
