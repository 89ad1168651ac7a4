#pragma once

#include <warren/type.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

// What a module has beside its methods.
namespace warren {

/// The part of a configuration that is one module's: `settings: {NAME: {...}}`.
struct SettingsSection {
    std::string name;
    std::string origin;            // the module's file; empty for the program itself
    const Type* type = nullptr;    // a model
    std::shared_ptr<void> values;  // an object of it, to be bound before the server starts
};

/// What is done for one module when the server starts and ends that serves its methods.
struct ModuleLife {
    std::string origin;  // as of `SettingsSection`
    std::vector<std::function<void()>> on_start{};
    std::vector<std::function<void()>> on_stop{};
};

}  // namespace warren
