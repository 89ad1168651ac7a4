#pragma once

#include "support/child_process.hpp"
#include "support/support.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

namespace warren::transport::test {

/// Authorities, a server's certificate (localhost, 127.0.0.1) and a client's, made for one run.
class Certificates {
public:
    static const Certificates& shared() {
        static const Certificates made;
        return made;
    }

    std::string path(const std::string& name) const { return (folder_ / name).string(); }

private:
    Certificates() {
        std::string name = (std::filesystem::temp_directory_path() / "warren-tls-XXXXXX").string();
        EXPECT_NE(mkdtemp(name.data()), nullptr);
        folder_ = name;
        const std::string program =
            "import sys; sys.path.insert(0, sys.argv[1]); import certificates; "
            "certificates.make_certificates(sys.argv[2])";
        warren::test::ChildProcess maker{{"/usr/bin/python3", "-c", program,
                                          warren::test::source_directory() + "/tests/support",
                                          name}};
        EXPECT_EQ(maker.wait(), 0);
    }
    ~Certificates() {
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }

    std::filesystem::path folder_;
};

}  // namespace warren::transport::test
