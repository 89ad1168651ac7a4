#pragma once

#include "app/config/config.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

namespace warren::app {

/// A folder for files of configuration.
class ConfigFile : public testing::Test {
protected:
    ConfigFile() {
        directory_ = testing::TempDir() + "warren_config_" +
                     testing::UnitTest::GetInstance()->current_test_info()->name();
        std::filesystem::create_directories(directory_);
    }
    ~ConfigFile() override { std::filesystem::remove_all(directory_); }

    std::string write(const std::string& name, const std::string& content) const {
        std::ofstream{directory_ + "/" + name} << content;
        return directory_ + "/" + name;
    }

    Config load(const std::string& content,
                const std::optional<std::string>& virtual_host = std::nullopt) const {
        auto config = load_config(write("warren.yml", content), virtual_host);
        if (!config) {
            for (const std::string& problem : config.error()) {
                ADD_FAILURE() << problem;
            }
            return {};
        }
        return *config;
    }

    /// The problems, each without the directory in front.
    std::vector<std::string> problems(
        const std::string& content,
        const std::optional<std::string>& virtual_host = std::nullopt) const {
        const auto config = load_config(write("warren.yml", content), virtual_host);
        if (config) {
            ADD_FAILURE() << "no problem was found";
            return {};
        }
        std::vector<std::string> lines = config.error();
        for (std::string& line : lines) {
            EXPECT_TRUE(line.starts_with(directory_ + "/"));
            line.erase(0, directory_.size() + 1);
        }
        return lines;
    }

    std::string directory_;
};

}  // namespace warren::app
