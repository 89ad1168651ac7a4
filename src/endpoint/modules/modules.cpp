#include "endpoint/modules/modules.hpp"

#include <warren/module.hpp>

#include "endpoint/modules/abi_header.hpp"

#include <dlfcn.h>

#include <algorithm>
#include <exception>
#include <expected>
#include <filesystem>
#include <optional>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>

namespace warren::endpoint {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view magic{"WARREN\0\0", sizeof(abi::ModuleHeader::magic)};

/// The dynamic loader's own words, without the file's name in front, which is said anyway.
std::string loader_error(const std::string& file) {
    const char* text = dlerror();
    std::string_view reason = text != nullptr ? text : "no reason given";
    if (reason.starts_with(file)) {
        reason.remove_prefix(file.size());
        reason.remove_prefix(std::min(reason.find_first_not_of(": "), reason.size()));
    }
    return std::string{reason};
}

std::string explain_open_error(const std::string& file) {
    const std::string reason = loader_error(file);
    if (reason.find("undefined symbol") != std::string::npos) {
        return "unresolved symbol (" + reason +
               "): built against another Warren, or linked without a library it needs";
    }
    return "cannot be loaded: " + reason;
}

/// What keeps a module from being loaded, told before any of its code runs.
std::expected<void, std::string> check_module(const std::string& file) {
    const auto stamp = read_abi_header(file);
    if (!stamp) {
        return std::unexpected{stamp.error()};
    }
    if (std::string_view{stamp->magic, sizeof(stamp->magic)} != magic) {
        return std::unexpected{std::string{"is no Warren module: its symbol '"} +
                               abi::module_symbol + "' is something else"};
    }
    if (stamp->abi_version != abi::version) {
        return std::unexpected{"built for module ABI " + std::to_string(stamp->abi_version) +
                               ", but this program has module ABI " + std::to_string(abi::version) +
                               ": build the module again"};
    }
    if (stamp->header_bytes != sizeof(abi::ModuleHeader)) {
        return std::unexpected{"its header has " + std::to_string(stamp->header_bytes) +
                               " bytes, but this program's has " +
                               std::to_string(sizeof(abi::ModuleHeader)) +
                               ": built with other compiler options"};
    }
    return {};
}

std::expected<const abi::ModuleHeader*, std::string> open_module(const std::string& file) {
    if (const auto checked = check_module(file); !checked) {
        return std::unexpected{checked.error()};
    }
    void* handle = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) {
        return std::unexpected{explain_open_error(file)};
    }
    const void* const header = dlsym(handle, abi::module_symbol);
    if (header == nullptr) {
        return std::unexpected{explain_open_error(file)};
    }
    return static_cast<const abi::ModuleHeader*>(header);
}

/// The file that a model's code is in, of which it takes one field's accessor.
std::optional<std::string> home_of(const Type* type) {
    if (type == nullptr || type->kind != Type::Kind::model) {
        return std::nullopt;
    }
    const Model* model = type->model();
    Dl_info found{};
    if (model->fields.empty() ||
        dladdr(reinterpret_cast<void*>(model->fields.front().access), &found) == 0) {
        return std::nullopt;
    }
    return std::string{found.dli_fname};
}

class Loader {
public:
    explicit Loader(Registry& registry) : registry_{registry} {}

    void load_directory(const std::string& directory) {
        std::error_code error;
        const fs::file_status status = fs::status(directory, error);
        if (!fs::exists(status)) {
            return report(directory, "no such directory");
        }
        if (!fs::is_directory(status)) {
            return report(directory, "not a directory");
        }
        std::vector<std::string> files;
        for (const fs::directory_entry& entry : fs::directory_iterator{directory, error}) {
            if (entry.path().extension() == ".so") {
                files.push_back(entry.path().string());
            }
        }
        if (error) {
            return report(directory, "cannot be read: " + error.message());
        }
        std::ranges::sort(files);
        std::ranges::for_each(files, [this](const std::string& file) { load_file(file); });
    }

    std::vector<ModuleProblem> take_problems() { return std::move(problems_); }

private:
    void load_file(const std::string& file) {
        // The same file through two directories is loaded once.
        std::error_code error;
        const std::string canonical = fs::canonical(file, error).string();
        if (!error && !seen_.insert(canonical).second) {
            return;
        }
        const auto header = open_module(file);
        if (!header) {
            return report(file, header.error());
        }
        // A registry of its own: what fails half-way leaves nothing behind.
        Registry methods;
        methods.set_origin(file);
        try {
            (*header)->register_methods(methods);
        } catch (const Error& thrown) {
            return report(file, "its registration failed: " + thrown.message());
        } catch (const std::exception& thrown) {
            return report(file, std::string{"its registration failed: "} + thrown.what());
        } catch (...) {
            return report(file, "its registration threw something that is no exception");
        }
        if (const auto other = clashing_module(methods)) {
            return report(file, "shares a type's name with " + *other +
                                    ": put the types of a module in an unnamed namespace, or "
                                    "build it with -fvisibility=hidden");
        }
        try {
            registry_.take_life(methods);
        } catch (const Error& refused) {
            return report(file, refused.message());
        }
        loaded_.push_back(file);
        for (const Method* method : methods.all()) {
            try {
                registry_.add(*method);
            } catch (const Error& refused) {
                report(file, refused.message());
            }
        }
    }

    /// Two modules with a `struct Request` in the same namespace, both visible, would get one
    /// description between them: the dynamic linker keeps one of each name.
    std::optional<std::string> clashing_module(const Registry& methods) const {
        for (const Method* method : methods.all()) {
            for (const Type* type : {method->request, method->response}) {
                const auto home = home_of(type);
                if (home && std::ranges::find(loaded_, *home) != loaded_.end()) {
                    return home;
                }
            }
        }
        return std::nullopt;
    }

    void report(std::string file, std::string reason) {
        problems_.push_back({std::move(file), std::move(reason)});
    }

    Registry& registry_;
    std::set<std::string> seen_;
    std::vector<std::string> loaded_;
    std::vector<ModuleProblem> problems_;
};

}  // namespace

std::vector<ModuleProblem> load_modules(std::span<const std::string> directories,
                                        Registry& registry) {
    Loader loader{registry};
    for (const std::string& directory : directories) {
        loader.load_directory(directory);
    }
    return loader.take_problems();
}

}  // namespace warren::endpoint
