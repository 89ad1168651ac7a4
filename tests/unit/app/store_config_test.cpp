#include "app/config/config.hpp"
#include "unit/app/config_file.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace warren::app {
namespace {

using namespace std::chrono_literals;

class StoreConfiguration : public ConfigFile {};

TEST_F(StoreConfiguration, IsReadAsItIs) {
    const Config config =
        load(R"(store: {sqlite: store.db, keep: 2h, bytes_max: 1000, dead_keep: 100h,
              dead_bytes_max: 2000, lock_lease: 5s}
listeners: [{tcp: "127.0.0.1:0"}]
)");
    const StoreOptions& store = config.server.store;
    EXPECT_EQ(store.sqlite, directory_ + "/store.db");
    EXPECT_EQ(store.keep, 2h);
    EXPECT_EQ(store.bytes_max, 1000U);
    EXPECT_EQ(store.dead_keep, 100h);
    EXPECT_EQ(store.dead_bytes_max, 2'000U);
    EXPECT_EQ(StoreOptions{}.dead_keep, 720h);
    EXPECT_EQ(store.lock_lease, 5s);
    EXPECT_EQ(StoreOptions{}.lock_lease, 30s);
}

TEST_F(StoreConfiguration, WhatItCannotBeIsSaidAtItsLine) {
    const auto problem = [&](const std::string& store) {
        const std::vector<std::string> found =
            problems("store: " + store + "\nlisteners: [{tcp: \"127.0.0.1:0\"}]\n");
        return found.empty() ? std::string{} : found[0];
    };
    const std::string at = "warren.yml:1: store: ";
    for (const char* const lease : {"999ms", "0s", "2h"}) {
        EXPECT_EQ(problem(std::string{"{sqlite: store.db, lock_lease: "} + lease + "}"),
                  at + "lock_lease is from 1s to 1h");
    }
    EXPECT_EQ(problem("{keep: 1h}"),
              at + "says not where: give 'sqlite' (a file) or 'postgresql' (an address)");
}

}  // namespace
}  // namespace warren::app
